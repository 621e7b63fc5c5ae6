"""The commit: rows are taken in by the same decision as in the check, a batch in one transaction with their outcomes.

A row whose verdict no longer stands, because the customer was changed since, is not applied: it is left to review.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from crm.accounts.queries import current_organization
from crm.customers.consent_models import ConsentChange
from crm.customers.consents import Proof, first_changes, proofs_of
from crm.customers.locks import lock_intake
from crm.customers.rules import ConsentSource
from crm.imports import earlier, sentences
from crm.imports.applying import Rules
from crm.imports.entries import Entry
from crm.imports.gathering import Decided, ImportGathering, wanted_for
from crm.imports.models import Import, ImportRow, added
from crm.imports.opted_out import listed_among
from crm.imports.states import Choice, ImportState, Outcome, Verdict
from crm.imports.undo import undo_batch
from crm.intake.rows import Telling, get_to_know, new_ids, read, write
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import db_now
from crm.kernel.db import database_now
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor, require_organization
from crm.kernel.work import due
from crm.kernel.work.long_job import StepResult, UndoableJob
from crm.kernel.work.models import JobState
from crm.people.person import Person

log = logging.getLogger(__name__)
COLUMNS = (
    *(ImportRow.id, ImportRow.number, ImportRow.choice, ImportRow.entry, ImportRow.verdict, ImportRow.code),
    *(ImportRow.twin, ImportRow.customer_id, ImportRow.before, ImportRow.after, ImportRow.reason),
)


class ImportJob(UndoableJob[Import]):
    """Commits an import, or undoes it; one of an organization at a time, the others wait."""

    kind, path, model = "import", "crm.imports.jobs.go_on_import", Import
    pause = 0.02

    def lock_first(self) -> None:
        lock_intake()

    def step(self, row: Import, size: int) -> StepResult:
        statement = sa.select(*COLUMNS).where(ImportRow.import_id == row.id, ImportRow.number > row.position)
        rows = db.session.execute(statement.order_by(ImportRow.number).limit(size)).all()
        done = commit_rows(row, rows)
        row.outcomes = added(row.outcomes, Counter(each.outcome.value for each in done))
        row.changed += sum(each.changes for each in done)
        row.position = rows[-1].number if rows else row.position
        return StepResult(len(rows), len(rows) < size)

    def undo_step(self, row: Import, size: int) -> StepResult:
        looked, counts = undo_batch(row, size)
        row.undone = added(row.undone, counts)
        return StepResult(looked, looked < size)

    def do(self, row: Import, size: int) -> bool:
        if row.state not in (ImportState.IMPORTING, ImportState.UNDOING):
            return False
        more = super().do(row, size)
        if not more:
            _finish(row)
        return more

    def _find_due(self) -> Import | None:
        statement = sa.select(Import).join(due.DueWork, due.DueWork.subject_id == Import.id)
        statement = statement.where(due.DueWork.kind == self.kind, due.DueWork.due_at <= db_now())
        return db.session.scalars(statement.order_by(Import.started_at, Import.id).limit(1)).first()


IMPORT = ImportJob()


def _finish(row: Import) -> None:
    if row.state == JobState.DONE:
        row.finished_at = database_now()
        record("import.finished", row, changes={name: [None, count] for name, count in row.outcomes.items()})
    else:
        record("import.undone", row, changes={name: [None, count] for name, count in row.undone.items()})


class Done(NamedTuple):
    """What a row did; `changes`: it added or changed a customer."""

    outcome: Outcome
    customer_id: int | None = None
    reason: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None

    @property
    def changes(self) -> bool:
        return self.after is not None


def commit_rows(row: Import, rows: Sequence[Any]) -> list[Done]:
    """Take rows in; one that fails is logged and counted as failed, and the others go on."""
    if not rows:
        return []
    try:
        with db.session.begin_nested():
            done = _commit(row, rows)
            _write(rows, done)
            return done
    except OperationalError:
        raise  # it is the database that is not there, and everything is tried again
    except Exception:
        if len(rows) == 1:
            log.exception("import %d: row %d was not taken in", row.id, rows[0].number)
            done = [Done(Outcome.FAILED, reason=sentences.NOT_SAVED.english())]
            _write(rows, done)
            return done
    half = len(rows) // 2
    return commit_rows(row, rows[:half]) + commit_rows(row, rows[half:])


def _commit(row: Import, rows: Sequence[Any]) -> list[Done]:
    stored = {each.number: each for each in rows if each.entry is not None and each.choice != Choice.SKIP}
    taken = _take_in(row, stored) if stored else {}
    return [taken[each.number] if each.number in taken else _not_taken(each) for each in rows]


def _not_taken(stored: Any) -> Done:
    if stored.choice == Choice.SKIP:
        return Done(Outcome.SKIPPED, stored.customer_id, stored.reason)
    outcomes = {Verdict.ERROR: Outcome.FAILED, Verdict.REVIEW: Outcome.REVIEW}
    return Done(outcomes.get(stored.verdict, Outcome.SKIPPED), stored.customer_id, stored.reason)


def _take_in(row: Import, stored: Mapping[int, Any]) -> dict[int, Done]:
    bulk, first = Bulk(db.session()), min(stored)
    get_to_know(bulk)
    stale: dict[int, Done] = {}
    while True:
        entries = {number: Entry.from_json(each.entry) for number, each in stored.items() if number not in stale}
        gathering = _gathering(bulk, row, entries, first)
        decided = gathering.decide_all(entries)
        fallen = {number for number, each in decided.items() if not _stands(stored[number], each)}
        if not fallen:
            break
        reason = sentences.CHANGED_SINCE.english()
        stale |= {number: Done(Outcome.REVIEW, stored[number].customer_id, reason) for number in fallen}
    moments = _moments(gathering.people.values(), bulk.now)
    telling = Telling("customer.imported", Import.__tablename__, row.id)
    recorded = write(bulk, current_organization(), gathering.people.values(), gathering.doubts, telling)
    _prove(bulk, row, gathering.people.values())
    return stale | {number: _done(stored[number], each, recorded.new, moments) for number, each in decided.items()}


def _gathering(bulk: Bulk, row: Import, entries: Mapping[int, Entry], first: int) -> ImportGathering:
    known = read([entry.intake for entry in entries.values()], wanted_for(entries.values(), (), locks=True))
    firsts = earlier.first_rows(row.id, known.people.keys(), first)
    rules = Rules(row.mode, row.overwritten)
    listed = listed_among(entries.values(), known.people.values())
    return ImportGathering(known, new_ids(bulk, len(entries)), rules, firsts, listed, bulk.now, row.started_at)


def _prove(bulk: Bulk, row: Import, people: Iterable[Person]) -> None:
    """Leave a proof of each consent that the file changed, with its name."""
    proof = Proof(ConsentSource.IMPORT, row.filename)
    proofs = [
        one
        for person in people
        if (changed := first_changes(person.fields) if person.is_new else person.changes)
        for one in proofs_of(person.id, person.fields, changed, proof, current_actor())
    ]
    if proofs:
        values = {name: [one[name] for one in proofs] for name in proofs[0]}
        bulk.insert(
            ConsentChange, len(proofs), {"organization_id": require_organization(), "import_id": row.id, **values}
        )


def _moments(people: Collection[Person], now: dt.datetime) -> dict[int, tuple[dt.datetime, dt.datetime]]:
    """Return when customers were last changed, before and after; the batch may leave who was changed as they were."""
    stored = [(person, person.fields["updated_at"]) for person in people if person.steps and not person.is_new]
    return {person.id: (before, now if person.changes else before) for person, before in stored}


def _stands(stored: Any, now: Decided) -> bool:
    """Whether a row does what its verdict said, or nothing any more because it was done meanwhile."""
    is_same_person = stored.customer_id == now.customer_id if stored.customer_id else stored.twin == now.twin
    if not is_same_person or not now.takes_part:
        return False
    if not now.changes and not now.pairs and stored.verdict in (Verdict.CHANGED, Verdict.SAME, Verdict.DUPLICATE):
        return True
    said = stored.verdict, stored.code, stored.before, stored.after, stored.customer_id or stored.twin
    return said == (now.verdict, now.code, now.before, now.after, stored.customer_id or now.twin) and (
        not now.created or not stored.customer_id
    )


def _done(
    stored: Any,
    decided: Decided,
    new_pairs: set[tuple[int, int]],
    moments: Mapping[int, tuple[dt.datetime, dt.datetime]],
) -> Done:
    id_, before, after = decided.customer_id, decided.before, decided.after
    pairs = [list(pair) for pair in decided.pairs if pair in new_pairs]
    if decided.created:
        before, after = None, {}
    elif after is not None or pairs:
        before, after = dict(before or {}), dict(after or {})
        if pairs:
            after["pairs"] = pairs
        if id_ is not None and id_ in moments:
            before["updated_at"], after["updated_at"] = (moment.isoformat() for moment in moments[id_])
    return Done(_outcome(decided), id_, decided.reason, before, after)


def _outcome(decided: Decided) -> Outcome:
    if decided.verdict is Verdict.REVIEW:
        return Outcome.REVIEW
    if decided.created:
        return Outcome.CREATED
    if decided.after:
        return Outcome.UPDATED
    return Outcome.SAME if decided.twin is None else Outcome.SKIPPED


def _write(rows: Sequence[Any], done: Sequence[Done]) -> None:
    names = ("outcome", "customer_id", "reason", "before", "after")
    values: dict[str, Any] = {name: [getattr(each, name) for each in done] for name in names}
    Bulk(db.session()).update(ImportRow, [each.id for each in rows], values)
