"""What a commit would do, counted row by row from the check and what was chosen since."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from crm.imports.models import Import, ImportRow
from crm.imports.states import Choice, Verdict
from crm.kernel.extensions import db


class Plan(NamedTuple):
    """Rows by what happens to them. `doubtful` ones are taken in, and put up for review."""

    added: int = 0
    changed: int = 0
    merged: int = 0
    doubtful: int = 0
    same: int = 0
    left_out: int = 0

    @property
    def does_something(self) -> bool:
        return bool(self.added or self.changed or self.merged or self.doubtful)


_PLACES = {
    Verdict.NEW: "added",
    Verdict.CHANGED: "changed",
    Verdict.DUPLICATE: "merged",
    Verdict.REVIEW: "doubtful",
    Verdict.SAME: "same",
}


def plan_of(row: Import) -> Plan:
    is_skipped = (ImportRow.choice == Choice.SKIP).label("is_skipped")
    is_read = ImportRow.entry.is_not(None).label("is_read")
    statement = sa.select(ImportRow.verdict, is_skipped, is_read, sa.func.count())
    statement = statement.where(ImportRow.import_id == row.id).group_by(ImportRow.verdict, is_skipped, is_read)
    counts = dict.fromkeys(Plan._fields, 0)
    for verdict, skipped, read, rows in db.session.execute(statement):
        place = "left_out" if skipped or not read else _PLACES.get(verdict or Verdict.ERROR, "left_out")
        counts[place] += rows
    return Plan(**counts)
