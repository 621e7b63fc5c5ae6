"""What `make run` does to the database: migrations, and the demo shop in an empty installation."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click
import flask_migrate
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

import config
from crm import create_app
from crm.accounts import services
from crm.accounts.models import User
from crm.kernel.extensions import db

DEMO_USERS = ("demo", "traveller")


class RefusalError(RuntimeError):
    """The product can't run as asked; the message says why and what to do."""


def prepare(environ: Mapping[str, str], instance: Path) -> str | None:
    """Bring the database up to date; return the demo users' password, None if it was changed or they are deleted.

    It is DEMO_PASSWORD, else that of an earlier start, else a random one; stored in `instance`.
    """
    file = instance / "demo_password"
    kept = file.read_text().strip() if file.exists() else ""
    password = environ.get("DEMO_PASSWORD") or kept or secrets.token_urlsafe(9)
    app = create_app(environ, instance)
    with app.app_context():
        try:
            flask_migrate.upgrade()
            if services.installation_is_empty() or _marker(instance).exists():
                _keep(file, password)
                _load_demo(environ, password, instance)
            elif kept and kept != password:
                _change_passwords(kept, password)
            works = _works(password)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).strip()
            raise RefusalError(f"The database cannot be used: {reason}\nDATABASE_URL says which one it is.") from error
        finally:
            db.session.remove()
            db.engine.dispose()
    if works and password != kept:
        _keep(file, password)
    return password if works else None


def _load_demo(environ: Mapping[str, str], password: str, instance: Path) -> None:
    click.echo("Loading the demo shop (once).")
    db.session.remove()
    _marker(instance).touch()
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "demo", "load"]
    done = subprocess.run(
        command,
        env={**environ, "DEMO_PASSWORD": password},
        cwd=config.ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RefusalError(f"The demo shop could not be loaded.\n{done.stdout}")
    _marker(instance).unlink()


def _marker(instance: Path) -> Path:
    """Mark a load of the demo shop, so that an interrupted one is resumed."""
    return instance / "demo_loading"


def _change_passwords(old: str, new: str) -> None:
    # Only if it is the generated one: a password that a person chose stays.
    for user in _demo_users():
        if services.password_matches(user, old):
            services.set_password(user.id, new)


def _works(password: str) -> bool:
    users = _demo_users()
    return bool(users) and all(services.password_matches(user, password) for user in users)


def _demo_users() -> list[User]:
    return list(db.session.scalars(sa.select(User).where(User.username.in_(DEMO_USERS))))


def _keep(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text + "\n")
