"""The name of this installation: archives say where they come from."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.backups.models import Installation
from crm.kernel.db import locked, transaction
from crm.kernel.extensions import db


def installation_uid() -> str:
    """Return the name; the first who asks gives one."""
    found = sa.select(Installation.uid).order_by(Installation.id).limit(1)
    uid = db.session.scalar(found)
    if uid is None:
        with transaction() as session:
            session.add(Installation())
        uid = db.session.scalars(found).one()
    return uid


def lock() -> None:
    """Let one restore at a time begin: two in an empty installation would keep the same ids."""
    db.session.execute(locked(sa.select(Installation.id).order_by(Installation.id).limit(1)))


def has_no_organization() -> bool:
    return db.session.scalar(sa.select(Organization.id).limit(1)) is None


def organization_with(uid: str) -> Organization | None:
    """Return the organization of this name that people see, or None."""
    is_seen = Organization.restoring_until.is_(None)
    return db.session.scalars(sa.select(Organization).where(Organization.uid == uid, is_seen).limit(1)).first()
