"""What the worker does with imports."""

from __future__ import annotations

from flask import Flask

from crm.imports import jobs
from crm.kernel.extensions import db


def work(app: Flask) -> None:
    with app.app_context():
        while jobs.go_on_checks_due() or jobs.go_on_imports_due():
            pass
        db.session.remove()
