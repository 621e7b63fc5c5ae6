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
    """Count from the sums of the check; only the rows that are left out are looked for."""
    is_left_out = sa.or_(ImportRow.choice == Choice.SKIP, ImportRow.entry.is_(None))
    statement = sa.select(ImportRow.verdict, sa.func.count().label("rows")).where(
        ImportRow.import_id == row.id, ImportRow.verdict != Verdict.ERROR, is_left_out
    )
    left_out = {each.verdict: each.rows for each in db.session.execute(statement.group_by(ImportRow.verdict))}
    counts = {place: row.verdicts.get(verdict, 0) - left_out.get(verdict, 0) for verdict, place in _PLACES.items()}
    return Plan(**counts, left_out=row.verdicts.get(Verdict.ERROR, 0) + sum(left_out.values()))
