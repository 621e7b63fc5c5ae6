"""Secrets of organizations, encrypted: providers' credentials and webhooks' signing secrets.

Each secret has its own key derived from SECRET_KEY, so that a row copied to another organization or name can't be read.
SECRET_KEY_FALLBACKS are tried next, so that SECRET_KEY can change; a new entry uses the new key.
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


class StoredSecret(TenantMixin, Base):
    __tablename__ = "organization_secrets"
    __table_args__ = (sa.UniqueConstraint("organization_id", "name"), {"sqlite_autoincrement": True})

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(60))
    sealed: Mapped[str] = mapped_column(sa.Text)
    changed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime(), server_default=db_now())


def keep(name: str, value: str) -> StoredSecret:
    row = db.session.scalars(sa.select(StoredSecret).where(StoredSecret.name == name)).one_or_none()
    if row is None:
        row = StoredSecret(name=name)
        db.session.add(row)
    row.sealed = _keys(name).encrypt(value.encode()).decode()
    row.changed_at = db_now()
    db.session.flush()
    return row


def forget(name: str) -> bool:
    row = db.session.scalars(sa.select(StoredSecret).where(StoredSecret.name == name)).one_or_none()
    if row is None:
        return False
    db.session.delete(row)
    db.session.flush()
    return True


def reveal(name: str) -> str:
    return reveal_all().get(name, "")


def reveal_all() -> dict[str, str]:
    """Return the current organization's secrets by name; an unreadable one is ""."""
    found = {}
    for row in db.session.scalars(sa.select(StoredSecret)):
        try:
            found[row.name] = _keys(row.name).decrypt(row.sealed.encode()).decode()
        except InvalidToken:
            found[row.name] = ""
            log.warning("organization %d: %s can't be read with this SECRET_KEY", row.organization_id, row.name)
    return found


def names() -> set[str]:
    return set(db.session.scalars(sa.select(StoredSecret.name)))


def seal(purpose: str, text: str) -> str:
    """Encrypt a text of the installation, for its row to keep."""
    return _derived(_materials(), NO_ORGANIZATION, purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Return the text; raises InvalidToken for one that another SECRET_KEY sealed."""
    return _derived(_materials(), NO_ORGANIZATION, purpose).decrypt(sealed.encode()).decode()


def ending(value: str) -> str:
    return value[-4:] if len(value) >= 12 else ""


def _keys(name: str) -> MultiFernet:
    return _derived(_materials(), require_organization(), name)


def _materials() -> tuple[str, ...]:
    return (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])


SALT = b"crm.vault"
"""Never change it: nothing stored could be read."""


NO_ORGANIZATION = 0


@functools.lru_cache(maxsize=1_024)
def _derived(materials: tuple[str, ...], organization_id: int, name: str) -> MultiFernet:
    info = f"secret of organization {organization_id}: {name}".encode()
    keys = [HKDF(SHA256(), 32, SALT, info).derive(material.encode()) for material in materials]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
