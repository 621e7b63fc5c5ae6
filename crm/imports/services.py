"""Imports of customers: each function is one user's intent."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import IO

import sqlalchemy as sa

from crm.imports import earlier
from crm.imports.check import CHOSEN_ORDERS, COLUMNS, check_rows
from crm.imports.check_job import CHECK
from crm.imports.commit import IMPORT
from crm.imports.entries import Entry
from crm.imports.files import discard, stored_file
from crm.imports.gathering import FILE_IDS
from crm.imports.models import Import, ImportRow, added
from crm.imports.reading.sentences import TOO_MANY_CELLS
from crm.imports.reading.tables import Choices
from crm.imports.states import Choice, ImportState, Mode
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor
from crm.kernel.work import due
from crm.values.language import gettext as _

UNDONE_AT_ONCE = 500
"""Fewer changed rows are reversed before the page answers."""
CHECKED_AT_ONCE = 200
"""Rows like a corrected one that are checked again before the page answers; for more, the whole file is."""


@dataclasses.dataclass(frozen=True)
class Options:
    """How customers who are there are changed. `overwritten` are the fields to take over, all if None."""

    mode: Mode = Mode.ADD
    overwritten: Sequence[str] | None = None
    clear_blank: Sequence[str] = ()


def create(
    filename: str | None,
    content: IO[bytes],
    options: Options | None = None,
    request_key: RequestKey | None = None,
    *,
    commits_itself: bool = False,
    in_foreground: bool = False,
) -> Import:
    """Store a file and leave it to the worker to read and check it; raises FileRefusedError and NotStoredError."""
    options = options or Options()
    with stored_file(filename, content) as file, transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            discard(file.key)
            return once.found(Import)
        row = Import(
            user_id=current_actor(),
            branch_id=bound_branch(),
            filename=file.filename,
            file_key=file.key,
            size=file.size,
            sha256=file.sha256,
            mode=options.mode,
            overwritten=None if options.overwritten is None else list(options.overwritten),
            context={"clear_blank": list(options.clear_blank)},
            commits_itself=commits_itself,
        )
        session.add(row)
        session.flush()
        once.made(row.id)
        if in_foreground:
            CHECK.keep_in_foreground(row)
        else:
            CHECK.leave_to_worker(row)
        return row


def run_check(import_id: int) -> Import:
    """Read and check a file to the end."""
    return CHECK.run(import_id)


def run_commit(import_id: int) -> Import:
    """Commit an import to the end, after those that the organization began before."""
    with transaction():
        row = _lock(import_id)
        _begin_commit(row)
        IMPORT.keep_in_foreground(row)
    return _run_in_turn(import_id)


def run_undo(import_id: int) -> Import:
    """Undo an import to the end."""
    IMPORT.undo(import_id, UNDONE_AT_ONCE)
    return _run_in_turn(import_id)


def map_columns(
    import_id: int, columns: Mapping[int, str], options: Options, date_orders: Mapping[int, str] | None = None
) -> Import:
    """Say which column is which field, and check the file again; raises ConflictError once it is imported.

    Who chooses columns sees the verdicts before anything is written, whatever was asked for before.
    """
    with transaction():
        row = _lock(import_id)
        if not row.can_be_changed:
            raise ConflictError(_("This file is being worked on, or is imported already. Open the page again."))
        row.columns = {str(at): field for at, field in sorted(columns.items()) if field}
        row.mode, row.commits_itself = options.mode, False
        row.overwritten = None if options.overwritten is None else list(options.overwritten)
        chosen = {str(at): order for at, order in (date_orders or {}).items()}
        row.context = {"clear_blank": list(options.clear_blank), CHOSEN_ORDERS: chosen}
        _forget_choices(import_id)
        row.wait_for(ImportState.MAPPED)
        CHECK.leave_to_worker(row)
        return row


def choose(import_id: int, choices: Choices) -> Import:
    """Read the file in another way: encoding, delimiter, sheet or header. Corrected cells are lost."""
    with transaction() as session:
        row = _lock(import_id)
        if not row.can_be_changed or row.file_key is None:
            raise ConflictError(_("This file is being worked on, or is imported already. Open the page again."))
        session.execute(
            sa.delete(ImportRow).where(ImportRow.import_id == import_id),
            execution_options={"synchronize_session": False},
        )
        row.choices, row.verdicts, row.total = dataclasses.asdict(choices), {}, None
        row.wait_for(ImportState.UPLOADED)
        CHECK.leave_to_worker(row)
        return row


def correct(import_id: int, number: int, cells: Mapping[int, str]) -> Import:
    """Correct cells of a row, and check it again with the later rows that it concerns."""
    with transaction():
        row, found = _lock_row(import_id, number)
        found.cells = [cells.get(at, cell) for at, cell in enumerate(found.cells)]
        has_more = any(map(str.strip, found.cells[len(row.headers) :]))
        found.problem, found.choice = TOO_MANY_CELLS.english() if has_more else "", None
        db.session.flush()
        return _check_again(row, [found])


def decide(import_id: int, number: int, choice: Choice | None, *, alike: bool = False) -> Import:
    """Decide about a row, or about all that are `alike`: with the same verdict for the same reason."""
    with transaction():
        row, found = _lock_row(import_id, number)
        if not alike:
            found.choice = choice
            db.session.flush()
            return _check_again(row, [found])
        of_kind = ImportRow.verdict == found.verdict, ImportRow.code == found.code, ImportRow.import_id == import_id
        statement = sa.update(ImportRow).where(*of_kind).values(choice=choice)
        db.session.execute(statement, execution_options={"synchronize_session": False})
        return _check_file_again(row)


def commit_import(import_id: int) -> Import:
    """Leave the import to the worker; raises ConflictError before the check is done."""
    with transaction():
        row = _lock(import_id)
        if row.state in (ImportState.IMPORTING, ImportState.DONE):
            return row
        _begin_commit(row)
        IMPORT.leave_to_worker(row)
        return row


def cancel(import_id: int) -> Import:
    """Stop; what is imported stays."""
    with transaction():
        for kind in (CHECK.kind, IMPORT.kind):
            due.lock(kind, [import_id])
        row = db.session.scalars(locked(sa.select(Import).where(Import.id == import_id))).one()
        if row.cancel():
            for kind in (CHECK.kind, IMPORT.kind):
                due.settle(kind, [import_id])
        return row


def undo(import_id: int) -> Import:
    """Undo an import, also one that is under way; many rows are left to the worker. One that can't be undone stays."""
    return IMPORT.undo(import_id, UNDONE_AT_ONCE)


def _begin_commit(row: Import) -> None:
    if not row.begin_commit(database_now()):
        raise ConflictError(_("This file is not checked yet. Wait for the check, then import it."))


def _lock(import_id: int) -> Import:
    for kind in (CHECK.kind, IMPORT.kind):
        due.lock(kind, [import_id])
    return db.session.scalars(locked(sa.select(Import).where(Import.id == import_id))).one()


def _lock_row(import_id: int, number: int) -> tuple[Import, ImportRow]:
    row = _lock(import_id)
    if row.state != ImportState.CHECKED:
        raise ConflictError(_("This file is being worked on, or is imported already. Open the page again."))
    wanted = sa.select(ImportRow).where(ImportRow.import_id == import_id, ImportRow.number == number)
    found = db.session.scalars(locked(wanted)).one_or_none()
    if found is None:
        raise ConflictError(_("There is no such row any more. Open the page again."))
    return row, found


def _check_again(row: Import, changed: Sequence[ImportRow]) -> Import:
    """Check rows again, and later rows about the same people."""
    named = earlier.KeyIndex()
    index = earlier.keys_of_file(row.id, named=named)
    numbers = {each.number for each in changed}
    for number in sorted(numbers):
        before = _people_of(row.id, number, named)
        _check_one(row, number, index)
        concerned = _later_rows(row.id, number, before | _people_of(row.id, number, named) | {FILE_IDS + number})
        if len(concerned) > CHECKED_AT_ONCE:
            return _check_file_again(row)
        for later in concerned:
            _check_one(row, later, index)
    return row


def _check_one(row: Import, number: int, index: earlier.KeyIndex) -> None:
    statement = sa.select(*COLUMNS).where(ImportRow.import_id == row.id, ImportRow.number == number)
    rows = db.session.execute(statement).all()
    before = {str(each.verdict): -1 for each in rows if each.verdict}
    row.verdicts = added(added(row.verdicts, before), check_rows(row, rows, index))


def _people_of(import_id: int, number: int, index: earlier.KeyIndex) -> set[int]:
    """Return the customers that a row is about, or whose rows name one of its keys."""
    columns = ImportRow.customer_id, ImportRow.twin, ImportRow.entry
    place = ImportRow.import_id == import_id, ImportRow.number == number
    found = db.session.execute(sa.select(*columns).where(*place)).one()
    people = {found.customer_id or FILE_IDS + (found.twin or number)}
    return people | index.find([Entry.from_json(found.entry)]) if found.entry else people


def _later_rows(import_id: int, number: int, people: Collection[int]) -> list[int]:
    leaders = [id_ - FILE_IDS for id_ in people if id_ > FILE_IDS]
    ids = [id_ for id_ in people if id_ < FILE_IDS]
    concerned = sa.or_(
        one_of(ImportRow.twin, leaders), one_of(ImportRow.number, leaders), one_of(ImportRow.customer_id, ids)
    )
    statement = sa.select(ImportRow.number).where(
        ImportRow.import_id == import_id, ImportRow.number > number, concerned, *earlier.TAKES_PART
    )
    return list(db.session.scalars(statement.order_by(ImportRow.number).limit(CHECKED_AT_ONCE + 1)))


def _check_file_again(row: Import) -> Import:
    row.wait_for(ImportState.MAPPED)
    CHECK.leave_to_worker(row)
    return row


def _forget_choices(import_id: int) -> None:
    statement = sa.update(ImportRow).where(ImportRow.import_id == import_id, ImportRow.choice.is_not(None))
    db.session.execute(statement.values(choice=None), execution_options={"synchronize_session": False})


def _run_in_turn(import_id: int) -> Import:
    with transaction():
        row = db.session.get_one(Import, import_id)
        earlier_ones = sa.select(Import.id).where(
            Import.state.in_((ImportState.IMPORTING, ImportState.UNDOING)),
            Import.started_at < row.started_at,
            Import.id != import_id,
        )
        waiting = db.session.scalars(earlier_ones.order_by(Import.started_at)).all()
    for id_ in waiting:
        IMPORT.run(id_)
    return IMPORT.run(import_id)
