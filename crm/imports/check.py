"""The check: the verdict of every row before anything is written.

A batch meets the customers of the database, and those that earlier rows of the file would add or change.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import branches
from crm.imports import earlier, sentences
from crm.imports.applying import Rules
from crm.imports.cleaning import Cleaned, Cleaner, Context
from crm.imports.entries import Entry
from crm.imports.findings import Finding
from crm.imports.gathering import FILE_IDS, NO_NAME, Decided, ImportGathering, wanted_for
from crm.imports.mapping import columns_of
from crm.imports.models import Import, ImportRow
from crm.imports.opted_out import listed_among
from crm.imports.states import Choice, Verdict
from crm.intake.rows import read
from crm.kernel.bulk_writer import Bulk
from crm.kernel.extensions import db
from crm.people.matching import Kind
from crm.values.text import fold

LONGEST_CODE = 60
CHOSEN_ORDERS = "chosen_orders"
"""Beside the context of an import: how the days of columns are written, as a user said."""
COLUMNS = (ImportRow.id, ImportRow.number, ImportRow.cells, ImportRow.problem, ImportRow.choice, ImportRow.verdict)


class ReadRow(NamedTuple):
    """A row, cleaned: an entry, or the finding for which it can't be taken in."""

    repaired: list[Finding]
    entry: Entry | None = None
    problem: Finding | None = None


class RowReader:
    """Reads the cells of an import's rows; `choice` may leave out what is wrong."""

    def __init__(self, row: Import) -> None:
        self._columns = columns_of(row.columns)
        context = Context.from_json({name: value for name, value in row.context.items() if name != CHOSEN_ORDERS})
        self._cleaner = Cleaner(self._columns, row.headers, context)
        self._branches = {fold(branch.name): branch.id for branch in branches()}

    def read(self, cells: Sequence[str], choice: Choice | None = None) -> ReadRow:
        cleaned = self._cleaner.clean(cells)
        problem = self._problem(cleaned)
        left = list(cells)
        for _round in range(len(left)):
            if problem is None or not self._correct(left, problem, choice):
                break
            cleaned = self._cleaner.clean(left)
            problem = self._problem(cleaned)
        if problem is not None:
            return ReadRow(cleaned.repaired, problem=problem)
        entry = self._entry(cleaned)
        if choice is Choice.SUGGESTED and left == list(cells) and not entry.contact.name:
            entry.contact = dataclasses.replace(entry.contact, name=entry.stand_in)
        return ReadRow(cleaned.repaired, entry)

    def _correct(self, cells: list[str], problem: Finding, choice: Choice | None) -> bool:
        """Do to the cells what was chosen for a problem; False if there is nothing to do."""
        if choice is Choice.SUGGESTED:
            first = {field: at for at, field in sorted(self._columns.items(), reverse=True)}
            better = {first[field]: value for field, value in (problem.suggestion or {}).items() if field in first}
        elif choice is Choice.WITHOUT:
            better = {at: "" for at, field in self._columns.items() if field == problem.field}
        else:
            return False
        changed = [at for at, value in better.items() if cells[at] != value]
        for at in changed:
            cells[at] = better[at]
        return bool(changed)

    def _problem(self, cleaned: Cleaned) -> Finding | None:
        if cleaned.errors:
            return cleaned.errors[0]
        branch = cleaned.values.get("branch")
        if branch and fold(branch) not in self._branches:
            return Finding("branch", "no_branch", sentences.NO_BRANCH.english(name=branch))
        return None

    def _entry(self, cleaned: Cleaned) -> Entry:
        values, contact = cleaned.values, cleaned.contact.known()
        branch, id_ = values.get("branch"), str(values.get("id") or "")
        return Entry(
            contact=contact,
            branch_id=self._branches[fold(branch)] if branch else None,
            customer_id=int(id_) if id_.isascii() and id_.isdecimal() and len(id_) < 19 else None,
            is_active=values.get("is_active"),
            source=contact.source,
            stand_in=cleaned.stand_in,
            cleared=cleaned.cleared,
            refused=cleaned.refused,
            marketing=cleaned.marketing,
            further=[(kind, value) for kind, value in cleaned.further if kind in (Kind.PHONE, Kind.EMAIL)],
        )


def next_rows(import_id: int, after: int, size: int) -> Sequence[Any]:
    statement = sa.select(*COLUMNS).where(ImportRow.import_id == import_id, ImportRow.number > after)
    return db.session.execute(statement.order_by(ImportRow.number).limit(size)).all()


def check_batch(row: Import, rows: Sequence[Any]) -> Counter[str]:
    """Check the rows that follow the import's position; return how many there are of each verdict."""
    index = earlier.keys_before(row)
    found = check_rows(row, rows, index)
    if rows:
        earlier.remember(row, rows[-1].number, index)
    return found


def check_rows(row: Import, rows: Sequence[Any], index: earlier.KeyIndex) -> Counter[str]:
    """Check rows, write their verdicts, and add their keys to those of the file.

    Rows that a user skips keep their verdict, and nobody meets them.
    """
    looked = [each for each in rows if each.choice is not Choice.SKIP]
    reader = RowReader(row)
    found = {each.number: _read(reader, each) for each in looked}
    entries = {number: one.entry for number, one in found.items() if one.entry is not None}
    decided = _gathering(row, entries, index, looked[0].number).decide_all(entries) if entries else {}
    for number, one in found.items():
        if one.problem is not None:
            decided[number] = _error(one.problem)
    for number, entry in entries.items():
        id_ = decided[number].customer_id
        if decided[number].takes_part and id_ is not None:
            index.add(entry, id_, decided[number].after, created=decided[number].created)
    _write(looked, found, decided)
    skipped = (each.verdict for each in rows if each.choice is Choice.SKIP)
    return Counter(itertools.chain((each.verdict.value for each in decided.values()), map(str, skipped)))


def _error(problem: Finding) -> Decided:
    code = f"{problem.field}_{problem.code}"[:LONGEST_CODE]
    return Decided(Verdict.ERROR, code=code, reason=problem.sentence, takes_part=False)


def _read(reader: RowReader, row: Any) -> ReadRow:
    if row.problem:
        return ReadRow([], problem=Finding("row", "unreadable", row.problem))
    return reader.read(row.cells, row.choice)


def _gathering(row: Import, entries: Mapping[int, Entry], index: earlier.KeyIndex, first: int) -> ImportGathering:
    ids = index.find(entries.values())
    known = read(
        [entry.intake for entry in entries.values()],
        wanted_for(entries.values(), {id_ for id_ in ids if id_ < FILE_IDS}, locks=False),
    )
    firsts = earlier.first_rows(row.id, known.people.keys(), first)
    earlier.patch({id_: known.people[id_] for id_ in firsts}, row.id, first)
    added = earlier.added_by(row.id, {id_ - FILE_IDS for id_ in ids if id_ > FILE_IDS}, first)
    known.people.update(added)
    firsts |= {id_: id_ - FILE_IDS for id_ in added}
    listed = listed_among(entries.values(), known.people.values())
    return ImportGathering(known, None, Rules(row.mode, row.overwritten), firsts, listed)


def _write(rows: Sequence[Any], found: Mapping[int, ReadRow], decided: Mapping[int, Decided]) -> None:
    values: dict[str, list[Any]] = {name: [] for name in _WRITTEN}
    for each in rows:
        one, verdict = found[each.number], decided[each.number]
        problem, id_ = one.problem, verdict.customer_id
        entry = one.entry if verdict.takes_part else None
        values["entry"].append(entry.to_json() if entry is not None else None)
        values["verdict"].append(verdict.verdict)
        values["code"].append(verdict.code)
        values["reason"].append(verdict.reason)
        values["suggestion"].append(problem.suggestion if problem else _name_for(one.entry, verdict))
        values["repaired"].append([list(repair[:3]) for repair in (*one.repaired, *verdict.notes)] or None)
        values["twin"].append(verdict.twin)
        values["customer_id"].append(id_ if id_ is not None and id_ < FILE_IDS else None)
        values["before"].append(verdict.before)
        values["after"].append(verdict.after)
    Bulk(db.session()).update(ImportRow, [each.id for each in rows], values)


def _name_for(entry: Entry | None, verdict: Decided) -> dict[str, str] | None:
    """Suggest the company, e-mail or phone as the name of a new customer whose row has none."""
    return {"name": entry.stand_in} if entry and entry.stand_in and verdict.code == NO_NAME else None


_WRITTEN = ("entry", "verdict", "code", "reason", "suggestion", "repaired", "twin", "customer_id", "before", "after")
