"""The settings of gunicorn that are code: `gunicorn --config python:crm.programs.server`."""

from __future__ import annotations

import ctypes
from typing import Any

import click
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from crm.accounts import services
from crm.web import security

forwarded_allow_ips = ""
"""gunicorn trusts no proxy: TRUSTED_PROXIES does it in the application."""

LARGE = 1 << 20
_M_MMAP_THRESHOLD = -3


def post_fork(server: Any, worker: Any) -> None:
    """Return large blocks at once (mallopt(3)): glibc would keep the 19 MB of each password hash."""
    if hasattr(ctypes.CDLL(None), "mallopt"):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE)


def post_worker_init(worker: Any) -> None:
    if worker.age == 1:
        announce(worker.wsgi)
        if security.is_https(worker.wsgi) and not worker.wsgi.config["TRUSTED_PROXIES"]:
            worker.log.warning(security.NO_PROXY_TRUSTED)


def announce(app: Flask) -> None:
    with app.app_context():
        try:
            sentence = services.setup_invitation()
        except SQLAlchemyError:
            # /ready reports a database that is down or not migrated; the start goes on.
            return
    if sentence:
        click.echo(sentence)
