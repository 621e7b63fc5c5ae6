"""Reading a file into rows, and recognising its columns, in the worker and in one sitting.

Rows are written in batches with the position, so that who continues after a crash repeats nothing.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.imports import files
from crm.imports.mapping import CONFIDENT, Columns, columns_of, problems, recognise, signature
from crm.imports.models import Import, ImportRow
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Choices, Refused, Row, Table
from crm.imports.states import ImportState
from crm.kernel.bulk_writer import Bulk
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.kernel.fail_points import committing
from crm.kernel.tenancy import require_organization
from crm.kernel.work import due
from crm.values.language import N_
from crm.values.stored import stored

AT_ONCE = 1_000
LOST = stored(N_("The file is no longer in the storage. Upload it again."))


def read_file(kind: str, job_id: int, lease: dt.timedelta, pause: dt.timedelta) -> bool:
    """Read an uploaded file to its end; False if there is nothing to read.

    Others may go on reading after `lease` without a batch, and go on with the check `pause` after the last one.
    """
    with transaction():
        row = _hold(kind, job_id, lease)
        if row is None or row.state != ImportState.UPLOADED:
            return False
        start, locale = row.position, current_organization().locale
        choices = Choices(**row.choices)
    try:
        with files.local_copy(row) as path, open_table(path, choices, locale=locale) as table:
            _store_rows(kind, job_id, lease, table, start)
            return _finish(kind, job_id, pause, table)
    except Refused as error:
        return _fail(kind, job_id, str(error))
    except FileNotFoundError:
        return _fail(kind, job_id, LOST.english())


def _hold(kind: str, job_id: int, lease: dt.timedelta) -> Import | None:
    """Lock an import that nobody else has taken off the list, and keep it for a while."""
    if job_id not in due.lock(kind, [job_id]):
        return None
    due.put_off(kind, [job_id], database_now() + lease)
    return db.session.scalars(locked(sa.select(Import).where(Import.id == job_id))).one()


def _store_rows(kind: str, job_id: int, lease: dt.timedelta, table: Table, position: int) -> None:
    """Write the rows after a position; ends at once when another worker went on meanwhile."""
    rows = (row for row in table.rows() if row.number > position)
    while batch := list(itertools.islice(rows, AT_ONCE)):
        with committing(kind):
            row = _hold(kind, job_id, lease)
            if row is None or row.state != ImportState.UPLOADED or row.position != position:
                return
            _insert(job_id, batch)
            row.position = position = batch[-1].number
            row.looked += len(batch)
            row.total = table.count


def _insert(job_id: int, batch: Sequence[Row]) -> None:
    values: dict[str, Any] = {
        "organization_id": require_organization(),
        "import_id": job_id,
        "number": [row.number for row in batch],
        "cells": [[*row.cells, *row.more] for row in batch],
        "problem": [row.problem for row in batch],
    }
    Bulk(db.session()).insert(ImportRow, len(batch), values)


def _finish(kind: str, job_id: int, pause: dt.timedelta, table: Table) -> bool:
    """Recognise the columns; go on to the check where that is sure, else wait for the mapping."""
    with committing(kind):
        row = _hold(kind, job_id, pause)
        if row is None or row.state != ImportState.UPLOADED or row.looked != table.count:
            return False
        organization = current_organization()
        headers = list(table.headers)
        last = _last_columns(row, signature(headers))
        found = recognise(headers, table.sample, last=last, region=organization.phone_region, kind=table.kind)
        row.headers, row.signature = headers, signature(headers)
        row.profile, row.profile_label = found.profile, found.label
        row.columns = {str(at): field for at, field in found.columns.items()}
        row.choices, row.table = dataclasses.asdict(table.choices), _kept_of(table)
        row.total = table.count
        is_sure = found.confidence >= CONFIDENT and not problems(found.columns, headers)
        row.wait_for(ImportState.MAPPED if is_sure else ImportState.RECOGNISED)
        if not is_sure:
            due.settle(kind, [job_id])
        return is_sure


def _fail(kind: str, job_id: int, reason: str) -> bool:
    with transaction():
        if job_id in due.lock(kind, [job_id]):
            row = db.session.scalars(locked(sa.select(Import).where(Import.id == job_id))).one()
            row.fail(reason)
            due.settle(kind, [job_id])
    return False


def _last_columns(row: Import, headers: str) -> Columns | None:
    """Return the mapping of the organization's latest import with these headers."""
    statement = sa.select(Import.columns).where(
        Import.signature == headers,
        Import.id != row.id,
        Import.state.in_((ImportState.DONE, ImportState.UNDONE, ImportState.IMPORTING, ImportState.CHECKED)),
    )
    columns = db.session.scalars(statement.order_by(Import.id.desc()).limit(1)).first()
    return columns_of(columns) if columns else None


def _kept_of(table: Table) -> dict[str, Any]:
    """Return what pages show of a table."""
    return {
        "kind": table.kind,
        "header_row": table.header_row,
        "notices": list(table.notices),
        "skipped": list(table.skipped),
        "encodings": list(table.encodings),
        "sheets": list(table.sheets),
        "odd": [[row.number, row.cells] for row in table.odd],
        "mend_offer": table.mend_offer and list(table.mend_offer),
        "is_1904": table.is_1904,
        "sample": [[row.number, row.cells] for row in table.sample[:SHOWN]],
    }


SHOWN = 5
"""Rows that the page of the mapping shows."""
