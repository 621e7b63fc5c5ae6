"""Delete files and rows of imports after a month, and files without an import."""

from __future__ import annotations

import datetime as dt
import itertools

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.imports import files
from crm.imports.models import KEPT, Import, ImportRow
from crm.kernel import storage
from crm.kernel.columns import db_ago
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.kernel.work.organizations import do_each

ORPHAN_AGE = dt.timedelta(hours=1)
"""No upload takes this long, so an older file without a row will never have one."""
BATCH = 500
ROWS_AT_ONCE = 1_000


def delete_old(orphan_age: dt.timedelta = ORPHAN_AGE) -> None:
    """Delete in short transactions, organization by organization; failures are logged."""
    organization_ids = db.session.scalars(sa.select(Organization.id).order_by(Organization.id)).all()
    do_each(organization_ids, _delete_old_of, "deleting old imports")
    keys = storage.current().keys(files.FOLDER, orphan_age)
    while batch := list(itertools.islice(keys, BATCH)):
        storage.current().delete(*files.orphans(batch))


def _delete_old_of(organization_id: int) -> None:
    with use_organization(organization_id):
        since = sa.func.coalesce(Import.finished_at, Import.created_at)
        old = sa.select(Import.id).where(since < db_ago(KEPT), Import.file_key.is_not(None))
        for import_id in db.session.scalars(old).all():
            while _delete_rows(import_id) and not stopping.is_set():
                pass
            if not stopping.is_set():
                _delete_file(import_id)


def _delete_rows(import_id: int) -> bool:
    with transaction() as session:
        some = sa.select(ImportRow.id).where(ImportRow.import_id == import_id).limit(ROWS_AT_ONCE)
        ids = session.scalars(some).all()
        session.execute(
            sa.delete(ImportRow).where(ImportRow.id.in_(ids)), execution_options={"synchronize_session": False}
        )
    return len(ids) == ROWS_AT_ONCE


def _delete_file(import_id: int) -> None:
    with transaction() as session:
        row = session.get_one(Import, import_id)
        key, row.file_key, row.table, row.questions = row.file_key, None, {}, []
    if key:
        files.discard(key)
