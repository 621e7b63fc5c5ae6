"""Reads of imports and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.models import User
from crm.customers.models import Customer
from crm.imports.models import Import, ImportRow
from crm.imports.states import Choice, ImportState, Outcome, UndoOutcome, Verdict
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.values.stored import shown

SHOWN = 50
"""Rows and imports of a page."""
GROUPS = 20
ROWS_AT_ONCE = 1_000
COMMITTED = (
    ImportState.IMPORTING,
    ImportState.DONE,
    ImportState.CANCELED,
    ImportState.UNDOING,
    ImportState.UNDONE,
)


class Listed(NamedTuple):
    row: Import
    by: str | None


class RowsPage(NamedTuple):
    """Rows in the order of the file; `after` is the number of the last one where more follow."""

    rows: Sequence[ImportRow]
    names: dict[int, str]
    after: int | None


class Alike(NamedTuple):
    """Rows with the same verdict for the same reason, with one of their reasons and rows."""

    verdict: Verdict | None
    code: str
    rows: int
    reason: str
    row_id: int
    suggestions: int

    @property
    def reason_shown(self) -> str:
        return shown(self.reason)


class Kept(NamedTuple):
    """A row that an undo left as it was, or only partly took back."""

    customer_id: int | None
    name: str
    outcome: UndoOutcome
    reason: str

    @property
    def reason_shown(self) -> str:
        return shown(self.reason)


def latest(before: int | None = None) -> Sequence[Listed]:
    """Return a page of imports, the latest first, and one more where others follow."""
    statement = sa.select(Import, sa.func.coalesce(sa.func.nullif(User.name, ""), User.username))
    statement = statement.outerjoin(User, User.id == Import.user_id).order_by(Import.id.desc()).limit(SHOWN + 1)
    if before is not None:
        statement = statement.where(Import.id < before)
    return [Listed(*row) for row in db.session.execute(statement)]


def somebody_was_brought() -> sa.Exists:
    """Match where an import took customers in."""
    return sa.exists(sa.select(Import.id).where(Import.state == ImportState.DONE))


def same_file_before(row: Import) -> Import | None:
    """Return the latest import of the very same file before this one, of those that took somebody in."""
    statement = sa.select(Import).where(
        Import.sha256 == row.sha256, Import.id < row.id, Import.state.in_((ImportState.IMPORTING, ImportState.DONE))
    )
    return db.session.scalars(statement.order_by(Import.id.desc()).limit(1)).first()


def sums(row: Import) -> dict[str, Any]:
    """Return how many rows there are of each verdict, or of each outcome once it is committed."""
    is_committed = row.state in COMMITTED and bool(row.outcomes)
    names = [*(Outcome if is_committed else Verdict)]
    counts = row.outcomes if is_committed else row.verdicts
    return {"id": row.id, "rows": row.rows, **{name.value: counts.get(name.value, 0) for name in names}}


def rows_page(import_id: int, verdict: str = "", after: int = 0) -> RowsPage:
    """Return rows of a verdict or an outcome, all without one; an unknown one has none."""
    statement = sa.select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.number > after)
    statement = statement.where(*_of(verdict)).order_by(ImportRow.number).limit(SHOWN + 1)
    rows = db.session.scalars(statement).all()
    names = names_of({row.customer_id for row in rows if row.customer_id})
    return RowsPage(rows[:SHOWN], names, rows[SHOWN - 1].number if len(rows) > SHOWN else None)


def last_number(import_id: int) -> int:
    """Return the number of the last row of a file, 0 if none is read."""
    statement = sa.select(ImportRow.number).where(ImportRow.import_id == import_id)
    return db.session.scalar(statement.order_by(ImportRow.number.desc()).limit(1)) or 0


def row_of(import_id: int, number: int) -> ImportRow | None:
    place = ImportRow.import_id == import_id, ImportRow.number == number
    return db.session.scalars(sa.select(ImportRow).where(*place)).one_or_none()


def alike(import_id: int, verdict: str) -> list[Alike]:
    """Group the rows of a verdict that nobody left out by reason, the most frequent first."""
    count, first = sa.func.count(), sa.func.min(ImportRow.id)
    suggestions = sa.func.count(ImportRow.suggestion)
    statement = sa.select(ImportRow.verdict, ImportRow.code, count, sa.func.min(ImportRow.reason), first, suggestions)
    statement = statement.where(ImportRow.import_id == import_id, ImportRow.verdict == verdict, ImportRow.code != "")
    statement = statement.where(sa.or_(ImportRow.choice.is_(None), ImportRow.choice != Choice.SKIP))
    statement = statement.group_by(ImportRow.verdict, ImportRow.code).order_by(count.desc(), ImportRow.code)
    return [Alike(*row) for row in db.session.execute(statement.limit(GROUPS))]


def failed_rows(import_id: int) -> Iterator[Any]:
    """Yield cells and reasons of the rows that were not taken in, before the commit of those that would not be."""
    failed = sa.or_(
        ImportRow.outcome == Outcome.FAILED,
        sa.and_(ImportRow.outcome.is_(None), ImportRow.verdict == Verdict.ERROR),
    )
    columns = ImportRow.number, ImportRow.cells, ImportRow.reason
    statement = sa.select(*columns).where(ImportRow.import_id == import_id, failed).order_by(ImportRow.number)
    last = 0
    while rows := db.session.execute(statement.where(ImportRow.number > last).limit(ROWS_AT_ONCE)).all():
        yield from rows
        last = rows[-1].number


def kept_rows(import_id: int) -> Iterator[Kept]:
    """Yield what an undo did not reverse, one for each customer and reason."""
    statement = sa.select(ImportRow).where(
        ImportRow.import_id == import_id, ImportRow.undo.in_((UndoOutcome.KEPT, UndoOutcome.ERRORED))
    )
    batch: list[ImportRow] = []
    for row in _in_batches(statement):
        batch.append(row)
        if len(batch) == ROWS_AT_ONCE:
            yield from _kept(batch)
            batch = []
    yield from _kept(batch)


def _kept(rows: Sequence[ImportRow]) -> Iterator[Kept]:
    names = names_of({row.customer_id for row in rows if row.customer_id})
    for row in rows:
        name = names.get(row.customer_id or 0, "")
        yield Kept(row.customer_id, name, row.undo or UndoOutcome.KEPT, row.undo_reason)


def _of(verdict: str) -> list[sa.ColumnElement[bool]]:
    """Match rows of a verdict, an outcome or what an undo did.

    `same` and `review` are both verdict and outcome, and the outcome counts once there is one.
    """
    if not verdict:
        return []
    verdicts, outcomes = {each.value for each in Verdict}, {each.value for each in Outcome}
    matches = [ImportRow.outcome == verdict] if verdict in outcomes else []
    if verdict in verdicts & outcomes:
        matches.append(sa.and_(ImportRow.outcome.is_(None), ImportRow.verdict == verdict))
    elif verdict in verdicts:
        matches.append(ImportRow.verdict == verdict)
    if verdict in {each.value for each in UndoOutcome}:
        matches.append(ImportRow.undo == verdict)
    return [sa.or_(sa.false(), *matches)]


def names_of(ids: set[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = db.session.execute(sa.select(Customer.id, Customer.name).where(one_of(Customer.id, ids)))
    return {row.id: row.name for row in rows}


def _in_batches(statement: sa.Select[ImportRow]) -> Iterator[ImportRow]:
    last = 0
    ordered = statement.order_by(ImportRow.number).limit(ROWS_AT_ONCE)
    while rows := db.session.scalars(ordered.where(ImportRow.number > last)).all():
        yield from rows
        last = rows[-1].number
