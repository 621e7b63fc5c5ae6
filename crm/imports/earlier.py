"""Earlier rows of the same file: customers that they would add, or have changed, before the rows of a batch.

A check writes no customers, so that rows far apart in a file meet each other here alone.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.imports.entries import Entry
from crm.imports.gathering import FILE_IDS, make_new
from crm.imports.models import Import, ImportRow
from crm.imports.states import Choice
from crm.intake.rows import MANY
from crm.kernel.branch_scope import bound_branch
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.people.contact_fields import KEY_FIELDS, sort_key
from crm.people.matching import Key, Kind
from crm.people.person import Person
from crm.values import phone

REBUILT_AT_ONCE = 5_000
REMEMBERED = 4
"""Imports whose keys a process remembers."""

TAKES_PART = (ImportRow.entry.is_not(None), sa.or_(ImportRow.choice.is_(None), ImportRow.choice != Choice.SKIP))


class KeyIndex:
    """By key, the customers who got it by rows of a file: ids, above FILE_IDS for those that rows add.

    Above MANY, customers of a key are found by name, too, as in an intake. Keys stand in it as their hashes: another
    key with the same one costs a look, and nothing else.
    """

    def __init__(self) -> None:
        self._found: dict[int, int | list[int]] = {}

    def add(self, entry: Entry, customer_id: int, after: Mapping[str, Any] | None, *, created: bool) -> None:
        """Add the keys that a row gives to a customer; the others, which it only names, may be other customers'."""
        self._add_all(entry.held_keys() if created else _keys_of(after or {}), entry, customer_id)

    def add_named(self, entry: Entry, customer_id: int) -> None:
        """Add all keys that a row names."""
        self._add_all(entry.all_keys(), entry, customer_id)

    def find(self, entries: Iterable[Entry]) -> set[int]:
        ids: set[int] = set()
        for entry in entries:
            for key in entry.all_keys():
                known = self._found.get(hash(key))
                if known is None:
                    continue
                if isinstance(known, int):
                    ids.add(known)
                    continue
                ids.update(known)
                if len(known) > MANY:
                    self._find_named(ids, (key, sort_key(entry.contact.name)))
        return ids

    def _add_all(self, keys: Iterable[Key], entry: Entry, customer_id: int) -> None:
        for key in keys:
            if not self._add(hash(key), customer_id):
                self._add(hash((key, sort_key(entry.contact.name))), customer_id)

    def _find_named(self, ids: set[int], named: object) -> None:
        known = self._found.get(hash(named), [])
        ids.update([known] if isinstance(known, int) else known)

    def _add(self, place: int, customer_id: int) -> bool:
        """Return False where many stand already."""
        known = self._found.setdefault(place, customer_id)
        if known == customer_id:
            return True
        if isinstance(known, int):
            self._found[place] = [known, customer_id]
        elif customer_id not in known:
            if len(known) > MANY:
                return False
            known.append(customer_id)
        return True


class _Remembered(NamedTuple):
    started_at: dt.datetime | None
    position: int
    keys: KeyIndex


_remembered: OrderedDict[int, _Remembered] = OrderedDict()
"""A hint for the next batch in the same process; another one reads the rows again."""


def keys_before(row: Import) -> KeyIndex:
    """Return the keys of the rows up to the import's position."""
    known = _remembered.pop(row.id, None)
    if known is not None and known.started_at == row.started_at and known.position == row.position:
        return known.keys
    return keys_of_file(row.id, row.position)


def remember(row: Import, position: int, index: KeyIndex) -> None:
    """Keep the keys of all rows up to a position."""
    _remembered[row.id] = _Remembered(row.started_at, position, index)
    while len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)


def keys_of_file(import_id: int, up_to: int | None = None, named: KeyIndex | None = None) -> KeyIndex:
    """Read the keys of all rows, or of those up to a number; `named` gets those that rows only name, too."""
    index, last = KeyIndex(), 0
    columns = ImportRow.number, ImportRow.entry, ImportRow.twin, ImportRow.customer_id, ImportRow.after
    statement = sa.select(*columns).where(ImportRow.import_id == import_id, *TAKES_PART).order_by(ImportRow.number)
    if up_to is not None:
        statement = statement.where(ImportRow.number <= up_to)
    while rows := db.session.execute(statement.where(ImportRow.number > last).limit(REBUILT_AT_ONCE)).all():
        for row in rows:
            id_, entry = row.customer_id or FILE_IDS + (row.twin or row.number), Entry.from_json(row.entry)
            index.add(entry, id_, row.after, created=id_ == FILE_IDS + row.number)
            if named is not None:
                named.add_named(entry, id_)
        last = rows[-1].number
    return index


def _keys_of(after: Mapping[str, Any]) -> Iterator[Key]:
    """Yield the keys that are in what a row changes."""
    fields = ((kind, after[name]) for kind, name in KEY_FIELDS.items() if after.get(name))
    further = ((Kind(kind), value) for kind, value, _ in after.get("further", ()))
    for kind, value in itertools.chain(fields, further):
        yield kind, phone.matching(value) if kind is Kind.PHONE else value


def first_rows(import_id: int, ids: Collection[int], before: int) -> dict[int, int]:
    """Return the number of the first row about each of the customers, of those before a number."""
    statement = sa.select(ImportRow.customer_id, sa.func.min(ImportRow.number)).where(
        ImportRow.import_id == import_id,
        one_of(ImportRow.customer_id, ids),
        ImportRow.number < before,
        *TAKES_PART,
    )
    rows = db.session.execute(statement.group_by(ImportRow.customer_id))
    return {id_: number for id_, number in rows if id_ is not None}


def added_by(import_id: int, leaders: Collection[int], before: int) -> dict[int, Person]:
    """Build the customers that the rows with these numbers add, with what later rows before a number change."""
    people: dict[int, Person] = {}
    if not leaders:
        return people
    of_them = sa.or_(one_of(ImportRow.number, leaders), one_of(ImportRow.twin, leaders))
    columns = ImportRow.number, ImportRow.entry, ImportRow.twin, ImportRow.after
    statement = sa.select(*columns).where(ImportRow.import_id == import_id, of_them, ImportRow.number < before)
    for row in db.session.execute(statement.where(*TAKES_PART).order_by(ImportRow.number)):
        if row.twin is None:
            id_ = FILE_IDS + row.number
            person = people[id_] = make_new(id_, Entry.from_json(row.entry), bound_branch(), None)
            person.further, person.learned = person.learned, []
        elif row.after and (known := people.get(FILE_IDS + row.twin)) is not None:
            take_over(known, row.after)
    for person in people.values():
        person.know_keys()
    return people


def patch(people: Mapping[int, Person], import_id: int, before: int) -> None:
    """Bring customers to where the rows before a number would have them."""
    statement = sa.select(ImportRow.customer_id, ImportRow.after).where(
        ImportRow.import_id == import_id,
        one_of(ImportRow.customer_id, people),
        ImportRow.after.is_not(None),
        ImportRow.number < before,
        *TAKES_PART,
    )
    for customer_id, after in db.session.execute(statement.order_by(ImportRow.number)):
        take_over(people[customer_id], after)
    for person in people.values():
        person.know_keys()


def take_over(person: Person, after: Mapping[str, Any]) -> None:
    """Write what a row changes into a customer as if it were stored; their keys are known afterwards."""
    person.fields |= {name: value for name, value in after.items() if name != "further"}
    person.further += [(Kind(kind), value, extension) for kind, value, extension in after.get("further", ())]
