"""Secrets of organizations, encrypted at rest: what a provider gave them, and what other systems sign with.

The key is made from SECRET_KEY, for each secret its own, so that a row copied to another organization or name can't
be read there. Values of SECRET_KEY_FALLBACKS are tried after it, so that SECRET_KEY can be changed; what is entered
anew is sealed with the new one.
"""

from __future__ import annotations

import base64
import datetime as dt
import functools
import logging

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app
from sqlalchemy.orm import Mapped, mapped_column

from crm.kernel.columns import Base, Id, UtcDateTime, db_now
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin, require_organization

log = logging.getLogger(__name__)


class Secret(TenantMixin, Base):
    """One secret of an organization; `sealed` is what its key opens."""

    __tablename__ = "organization_secrets"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(60))
    sealed: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())


def keep(name: str, value: str) -> Secret:
    """Keep a secret of the current organization, in the place of the one before."""
    row = db.session.scalars(sa.select(Secret).where(Secret.name == name)).one_or_none()
    if row is None:
        row = Secret(name=name)
        db.session.add(row)
    row.sealed = _keys(name).encrypt(value.encode()).decode()
    row.changed_at = db_now()
    db.session.flush()
    return row


def forget(name: str) -> bool:
    """Remove a secret of the current organization; False when there is none."""
    row = db.session.scalars(sa.select(Secret).where(Secret.name == name)).one_or_none()
    if row is None:
        return False
    db.session.delete(row)
    db.session.flush()
    return True


def reveal(name: str) -> str:
    """Return a secret of the current organization, or nothing when there is none that can be read."""
    return reveal_all().get(name, "")


def reveal_all() -> dict[str, str]:
    """Return the current organization's secrets by name; one that can't be read is empty."""
    found = {}
    for row in db.session.scalars(sa.select(Secret)):
        try:
            found[row.name] = _keys(row.name).decrypt(row.sealed.encode()).decode()
        except InvalidToken:
            found[row.name] = ""
            log.warning("organization %d: %s can't be read with this SECRET_KEY", row.organization_id, row.name)
    return found


def names() -> set[str]:
    """Return which secrets the current organization has, whether they can be read or not."""
    return set(db.session.scalars(sa.select(Secret.name)))


def ending(value: str) -> str:
    """Return the last characters of a secret, by which people know it again; nothing of a short one."""
    return value[-4:] if len(value) >= 12 else ""


def _keys(name: str) -> MultiFernet:
    materials = (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])
    return _derived(materials, require_organization(), name)


SALT = b"crm.vault"
"""What keys are derived with; another one, and nothing that was kept can be read."""


@functools.lru_cache(maxsize=1_024)
def _derived(materials: tuple[str, ...], organization_id: int, name: str) -> MultiFernet:
    info = f"secret of organization {organization_id}: {name}".encode()
    keys = [HKDF(SHA256(), 32, SALT, info).derive(material.encode()) for material in materials]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
