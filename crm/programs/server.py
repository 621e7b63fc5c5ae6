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
"""gunicorn believes no proxy: TRUSTED_PROXIES says which headers the product does."""

LARGE = 1 << 20
_M_MMAP_THRESHOLD = -3


def post_fork(server: Any, worker: Any) -> None:
    """Give large memory back at once (mallopt(3)): glibc would keep the 19 MB that a password takes to hash."""
    if hasattr(ctypes.CDLL(None), "mallopt"):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE)


def post_worker_init(worker: Any) -> None:
    """Say once at the start how to set up an empty installation, and what is dangerous in the settings."""
    if worker.age == 1:
        announce(worker.wsgi)
        if security.is_https(worker.wsgi) and not worker.wsgi.config["TRUSTED_PROXIES"]:
            worker.log.warning(security.NO_PROXY_TRUSTED)


def announce(app: Flask) -> None:
    """Print the way to the set-up wizard while nobody can sign in."""
    with app.app_context():
        try:
            sentence = services.setup_invitation()
        except SQLAlchemyError:
            # A database that is away or not migrated is told by /ready, and the start goes on.
            return
    if sentence:
        click.echo(sentence)
