"""Remove an organization that a restore didn't finish."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import sqlalchemy as sa

from crm.accounts.models import Organization, User
from crm.kernel import storage
from crm.kernel.columns import Base
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.storage import StorageError
from crm.kernel.tenancy import use_organization

BATCH = 2_000

log = logging.getLogger(__name__)


def drop_unfinished() -> int:
    """Drop what restores left that were killed; return how many."""
    ended = sa.select(Organization.id).where(Organization.restoring_until < database_now())
    ids = list(db.session.scalars(ended))
    for id_ in ids:
        log.warning("organization %d: its restore was not finished, it is dropped", id_)
        drop(id_)
    return len(ids)


def drop(organization_id: int) -> None:
    """Delete all rows and files of an organization that is being restored; one that people see stays."""
    with use_organization(organization_id):
        name = db.session.scalar(sa.select(Organization.slug).where(Organization.id == organization_id, _UNFINISHED))
        if name is None:
            return
        for table in reversed(Base.metadata.sorted_tables):
            if "organization_id" in table.columns:
                for statement in _deletes(table, organization_id):
                    while _execute(statement) == BATCH:
                        pass
        _delete_files(organization_id)
        with transaction() as session:
            session.execute(sa.delete(Organization).where(Organization.id == organization_id, _UNFINISHED))
            session.execute(sa.delete(User).where(User.username.startswith(f"{name}-", autoescape=True)))


_UNFINISHED = Organization.restoring_until.is_not(None)


def _deletes(table: sa.Table, organization_id: int) -> Iterator[sa.Delete]:
    """Yield the statement that deletes some rows; all at once where rows point to each other."""
    here = table.c.organization_id == organization_id
    points_to_itself = any(key.referred_table is table for key in table.foreign_key_constraints)
    if "id" not in table.columns or points_to_itself:
        yield sa.delete(table).where(here)
    else:
        yield sa.delete(table).where(table.c.id.in_(sa.select(table.c.id).where(here).limit(BATCH)))


def _execute(statement: sa.Delete) -> int:
    with transaction() as session:
        return session.connection().execute(statement).rowcount


def _delete_files(organization_id: int) -> None:
    folders = {folder for rows in catalog().data.values() for folder in rows.files.values()}
    try:
        for folder in folders:
            store = storage.current()
            store.delete(*store.keys(f"{folder}/{organization_id}"))
    except StorageError as error:
        log.warning("organization %d: its files are left to the sweep: %s", organization_id, error)
