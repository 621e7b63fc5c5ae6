"""The one upsert of people: every source goes through `take_in`.

An organization takes people in one after another, under one lock, so that two requests with one person can't deadlock.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError

from crm.accounts.queries import current_organization
from crm.customers.locks import lock_intake
from crm.intake.rows import MANY, Read, get_to_know, new_ids, read, write
from crm.kernel.branch_scope import bound_branch
from crm.kernel.bulk_writer import COPY_THRESHOLD, Bulk
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.garbage import nothing_thrown_away
from crm.people.matching import Key, Kind, Match, Pair, decide, is_vetoed
from crm.people.person import NOW, Intake, Person

AT_ONCE = 1_000
"""People per transaction."""

TRIES = 3


class Taken(NamedTuple):
    """What became of a person: the customer, and possible duplicates.

    `is_elsewhere`: the customer belongs to another branch than the user's and was not changed.
    """

    customer_id: int
    created: bool
    updated: bool
    duplicates: tuple[int, ...]
    is_elsewhere: bool = False


def upsert(intake: Intake) -> Taken:
    return take_in([intake])[0]


def take_in(intakes: Sequence[Intake]) -> list[Taken]:
    """Take up to AT_ONCE people in, in order, with an event for each change.

    Contradictions become duplicates for review (`matching.decide`).
    """
    with transaction() as session, nothing_thrown_away():
        lock_intake()
        for _ in range(TRIES - 1):
            # A form may take an e-mail between the look and the write; the next look finds it there.
            with contextlib.suppress(IntegrityError), session.begin_nested():
                return _take_in(intakes)
        return _take_in(intakes)


def _take_in(intakes: Sequence[Intake]) -> list[Taken]:
    organization, bulk = current_organization(), Bulk(db.session())
    if len(intakes) > COPY_THRESHOLD:
        get_to_know(bulk)
    # Those that speak of now come one after the other, so that the last of them counts.
    dated = [
        intake._replace(at=bulk.now + dt.timedelta(microseconds=n)) if intake.at is NOW else intake
        for n, intake in enumerate(intakes)
    ]
    gathering = Gathering(read(dated), new_ids(bulk, len(dated)))
    taken = [gathering.take(intake) for intake in dated]
    separate = write(bulk, organization, gathering.people.values(), gathering.doubts).separate
    return [_without(one, separate) for one in taken] if separate else taken


def _without(taken: Taken, separate: Collection[tuple[int, int]]) -> Taken:
    """Drop pairs that a user has separated."""
    id_ = taken.customer_id
    left = tuple(other for other in taken.duplicates if (min(id_, other), max(id_, other)) not in separate)
    return taken._replace(duplicates=left)


class Gathering:
    """Matches a batch of people with customers, and writes nothing.

    `doubts` are pairs for review with their shared value. An import has rules of its own for what a person changes: it
    overrides `add`, `change` and `news`.
    """

    def __init__(self, found: Read, ids: Iterator[int]) -> None:
        self._new_ids, self._branch_id = ids, bound_branch()
        self.people, self._survivors, self._crowded = found
        self.doubts: dict[tuple[int, int], tuple[Pair, str]] = {}
        self._sharing: defaultdict[Key, dict[int, Person]] = defaultdict(dict)
        for person in self.people.values():
            self.index(person)

    def take(self, intake: Intake) -> Taken:
        """Match a person, or add them."""
        keys, customer_id = intake.keys, intake.customer_id
        sharing = {key[0]: self._sharing[key] for key in keys.items() if key in self._sharing}
        followed = None if customer_id is None else self.people.get(self._survivors.get(customer_id, customer_id))
        if not sharing and followed is None and self._crowded.isdisjoint(keys.items()):
            return Taken(self.add(intake, ()), True, False, ())
        only = self._the_only_one(intake, followed, sharing)
        if only is not None and self._is_elsewhere(only):
            return Taken(only.id, False, False, (), is_elsewhere=True)
        if only is not None:
            return Taken(only.id, False, self.change(only, intake, True, ()), ())
        return self._find(intake, followed, sharing)

    def _the_only_one(
        self, intake: Intake, followed: Person | None, sharing: Mapping[Kind, dict[int, Person]]
    ) -> Person | None:
        """Return the one customer of all keys with the same name, if there is no doubt."""
        found = next(iter(next(iter(sharing.values())).values())) if sharing else followed
        if found is None or intake.contact.name != found.fields["name"] or not intake.contact.name:
            return None
        for people in sharing.values():
            if len(people) > 1 or found.id not in people:
                return None
        if (followed is not None and followed is not found) or not self._crowded.isdisjoint(intake.keys.items()):
            return None
        return None if is_vetoed(intake.keys, found.keys) else found

    def _find(self, intake: Intake, followed: Person | None, sharing: Mapping[Kind, dict[int, Person]]) -> Taken:
        name = intake.contact.name
        many = {key[0] for key in intake.keys.items() if key in self._crowded or len(sharing.get(key[0], ())) > MANY}
        people = {
            kind: [person for person in found.values() if kind not in many or person.is_called(name)]
            for kind, found in sharing.items()
        }
        known = {kind: [person.known() for person in found] for kind, found in people.items()}
        verdict = decide(name, intake.keys, known, followed.known() if followed else None, many)
        if verdict.customer_id is not None and self._is_elsewhere(self.people[verdict.customer_id]):
            return Taken(verdict.customer_id, False, False, (), is_elsewhere=True)
        pairs = self.news(intake, verdict)
        taken = _taken(intake, verdict.customer_id, people) | many
        updated = False
        if verdict.customer_id is None:
            id_ = self.add(intake, taken)
        else:
            id_ = verdict.customer_id
            updated = self.change(self.people[id_], intake, verdict.by_name, taken)
        for pair in pairs:
            first, second = sorted((id_, pair.customer_id))
            self.doubts.setdefault((first, second), (pair, intake.keys[pair.shared]))
        duplicates = tuple(pair.customer_id for pair in pairs)
        return Taken(id_, verdict.customer_id is None, updated, duplicates)

    def news(self, intake: Intake, verdict: Match) -> Sequence[Pair]:
        """Return the pairs of a match that are to be reviewed."""
        return verdict.pairs

    def _is_elsewhere(self, person: Person) -> bool:
        """Whether a branch-bound user meets a customer of another branch."""
        return self._branch_id is not None and not person.is_new and person.fields["branch_id"] != self._branch_id

    def add(self, intake: Intake, taken: Collection[Kind]) -> int:
        person = Person.new(next(self._new_ids), intake, taken, self._branch_id)
        self.people[person.id] = person
        self.index(person)
        return person.id

    def change(self, person: Person, intake: Intake, by_name: bool, taken: Collection[Kind]) -> bool:
        steps, keys = person.steps, len(person.keys)
        person.take(intake, by_name=by_name, taken=taken)
        if len(person.keys) > keys:
            self.index(person)
        return person.steps > steps

    def index(self, person: Person) -> None:
        for key in person.keys:
            self._sharing[key][person.id] = person


def _taken(intake: Intake, customer_id: int | None, sharing: Mapping[Kind, Sequence[Person]]) -> set[Kind]:
    """Return kinds whose value is another customer's main one, and the passport number if another customer has it."""
    return {
        kind
        for kind, people in sharing.items()
        for other in people
        if other.id != customer_id and (kind is Kind.PASSPORT or other.has_main(kind, intake.keys[kind]))
    }
