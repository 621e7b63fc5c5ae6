"""The one decision about a row, by the check and by the commit: which customer it is, and what it changes of them.

It is the intake's (`intake/upsert.Gathering`) with the rules of a file. Within a check, customers that the file would
add have an id above FILE_IDS: it says the number of their first row, and comes after all others in the same order as
the ids that the commit gives, for where people are equally likely the lower id decides. After each row a customer has
the keys that a look into the database would find, so that it makes no difference which rows are one batch.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crm.customers.duplicate_pairs import known_pairs
from crm.customers.rules import MARKETING, Consent
from crm.imports import applying, sentences
from crm.imports.applying import Rules
from crm.imports.entries import BLANK, Entry
from crm.imports.fields import CONSENTS
from crm.imports.findings import Finding, finding
from crm.imports.opted_out import NOBODY, Listed
from crm.imports.states import Mode, Verdict
from crm.intake.rows import MANY, Read, Wanted
from crm.intake.upsert import Gathering, Taken
from crm.people.matching import Key, Kind, Match, Pair
from crm.people.names import may_be_one
from crm.people.person import FIELDS, Intake, Person

COLUMNS = (
    *(*FIELDS, "address", "province", "postal_code", "birthday", "birth_year", "notes"),
    *(*CONSENTS, *MARKETING, "updated_at"),
)


FILE_IDS = 1 << 60
NO_NAME = "no_name"
"""The code of a row that would add a customer without a name."""


class Decided(NamedTuple):
    """What a row does. `customer_id` is above FILE_IDS for a customer that an earlier row, `twin`, or this one adds.

    `before` and `after` hold changed fields alone, `after` also new `further` contacts. `notes` say what the file can't
    change. `takes_part`: the row is taken in, or would have to be.
    """

    verdict: Verdict
    customer_id: int | None = None
    twin: int | None = None
    code: str = ""
    reason: str = ""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    created: bool = False
    pairs: tuple[tuple[int, int], ...] = ()
    takes_part: bool = True
    notes: tuple[Finding, ...] = ()

    @property
    def changes(self) -> bool:
        return self.created or bool(self.after)


class LeftOut(Exception):  # noqa: N818 -- it ends the decision, and is no failure
    """A row that is not taken in, whatever else stands in it."""

    def __init__(self, verdict: Verdict, code: str, reason: str, customer_id: int | None = None) -> None:
        super().__init__(code)
        self.decided = Decided(verdict, customer_id, code=code, reason=reason, takes_part=False)


class ImportGathering(Gathering):
    """Decides about rows in the order of the file.

    `firsts` are the numbers of the first rows about customers. `now` is the activity of new ones, whose `ids` are
    above FILE_IDS if None. A commit that `began` meets the pairs that its earlier rows recorded, and tells of them
    again, as the check did. Nobody on the opt-out list, `listed`, has agreed to marketing.
    """

    def __init__(
        self,
        found: Read,
        ids: Iterator[int] | None,
        rules: Rules,
        firsts: Mapping[int, int],
        listed: Listed = NOBODY,
        now: dt.datetime | None = None,
        began: dt.datetime | None = None,
    ) -> None:
        super().__init__(found, ids if ids is not None else self._ids_of_rows())
        self._rules, self._firsts, self._now, self._began = rules, dict(firsts), now, began
        self._listed = listed
        self._notes: list[Finding] = []
        self._entry, self._number = Entry(BLANK), 0
        self._pairs: Sequence[Pair] = ()
        self._is_same_record = False
        self._before: dict[str, Any] = {}
        self._learned = 0

    def decide_all(self, entries: Mapping[int, Entry]) -> dict[int, Decided]:
        """Decide about rows by number; pairs that are recorded already are no news."""
        found = {number: self._decide(number, entry) for number, entry in entries.items()}
        pairs = {pair for each in found.values() for pair in each.pairs if pair[1] < FILE_IDS}
        known = known_pairs(pairs, self._began)
        return {number: _without(each, known) if known else each for number, each in found.items()}

    def news(self, intake: Intake, verdict: Match) -> Sequence[Pair]:
        """Leave out customers who shared the value with the found one before."""
        own = self.people[verdict.customer_id].keys if verdict.customer_id is not None else ()
        self._pairs = [pair for pair in verdict.pairs if (pair.shared, intake.keys[pair.shared]) not in own]
        return self._pairs

    def add(self, intake: Intake, taken: Collection[Kind]) -> int:
        entry = self._entry
        if self._rules.mode is Mode.EXISTING:
            raise LeftOut(Verdict.SAME, "not_there", sentences.NOT_THERE.english())
        if not intake.contact.name:
            raise LeftOut(Verdict.ERROR, NO_NAME, sentences.NO_NAME.english())
        entry.apart = [kind.value for kind in taken]
        theirs = self._theirs(entry, None)
        entry.further = [(key[0].value, value) for key, value in entry.further_keys if key not in theirs]
        self._leave_opted_out(entry)
        person = make_new(next(self._new_ids), entry, self._branch_id, self._now)
        self.people[person.id] = person
        self.index(person)
        return person.id

    def change(self, person: Person, intake: Intake, by_name: bool, taken: Collection[Kind]) -> bool:
        entry, rules = self._entry, self._rules
        if person.id in self._firsts:
            rules = applying.FILL_ONLY
        elif rules.mode is Mode.NEW:
            raise LeftOut(Verdict.SAME, "there", sentences.THERE.english(), person.id)
        if person.fields["archived_at"] is not None:
            name = person.fields["name"]
            raise LeftOut(Verdict.REVIEW, "archived", sentences.ARCHIVED.english(name=name), person.id)
        self._before, self._learned = dict(person.fields), len(person.learned)
        steps = person.steps
        theirs = self._theirs(entry, person.id)
        by_name = by_name or self._is_same_record
        self._leave_opted_out(entry, person)
        applying.apply(person, entry, rules, by_name=by_name, taken=taken, theirs=theirs)
        if person.steps == steps:
            return False
        self._index_anew(person)
        return True

    def _is_elsewhere(self, person: Person) -> bool:
        """Leave out customers of the file: they are not elsewhere, whatever branch it says."""
        return person.id not in self._firsts and super()._is_elsewhere(person)

    def _decide(self, number: int, entry: Entry) -> Decided:
        self._entry, self._number = entry, number
        self._pairs, self._before, self._learned, self._notes = (), {}, 0, []
        try:
            taken = self.take(self._intake(entry))
        except LeftOut as left_out:
            return left_out.decided
        if taken.is_elsewhere:
            return Decided(Verdict.ERROR, code="elsewhere", reason=sentences.ELSEWHERE.english(), takes_part=False)
        return self._told(number, taken)._replace(notes=tuple(self._notes))

    def _leave_opted_out(self, entry: Entry, person: Person | None = None) -> None:
        """Leave out consent of a row that lifts a withdrawal or an opt-out, and say so."""
        left = dict(entry.marketing)
        for name in [name for name, state in left.items() if state is Consent.GIVEN]:
            if person is not None and person.fields[name] == Consent.WITHDRAWN:
                self._notes.append(finding(name, "stays_withdrawn"))
            elif self._listed.has(name, entry.contact, person):
                self._notes.append(finding(name, "stays_opted_out"))
            else:
                continue
            del left[name]
        entry.marketing = left

    def _told(self, number: int, taken: Taken) -> Decided:
        id_ = taken.customer_id
        first = self._firsts.setdefault(id_, number)
        before, after = (None, None) if taken.created else self._difference(self.people[id_])
        pairs = tuple((min(id_, pair.customer_id), max(id_, pair.customer_id)) for pair in self._pairs)
        twin = None if first == number else first
        if not pairs:
            verdict, reason = _without_doubt(taken.created, twin, after)
            return Decided(verdict, id_, twin, "", reason, before, after, taken.created)
        pair = self._pairs[0]
        code, doubt = f"{pair.shared}_{pair.doubt}", sentences.of_doubt(pair.shared, pair.doubt)
        reason = doubt.english(name=self.people[pair.customer_id].fields["name"])
        return Decided(Verdict.REVIEW, id_, twin, code, reason, before, after, taken.created, pairs)

    def _intake(self, entry: Entry) -> Intake:
        """Follow the id of our own export only where the name or a key agrees."""
        intake = entry.intake
        self._is_same_record = False
        if intake.customer_id is not None:
            found = self.people.get(self._survivors.get(intake.customer_id, intake.customer_id))
            name = intake.contact.name
            if found is None or not (
                (name and may_be_one(name, found.fields["name"])) or found.known().shares(intake.keys)
            ):
                intake = intake._replace(customer_id=None)
            else:
                self._is_same_record = True
        return intake

    def _ids_of_rows(self) -> Iterator[int]:
        while True:
            yield FILE_IDS + self._number

    def _index_anew(self, person: Person) -> None:
        keys = person.keys
        person.know_keys()
        for key in keys - person.keys:
            self._sharing[key].pop(person.id, None)
            if not self._sharing[key]:
                del self._sharing[key]
        self.index(person)

    def _theirs(self, entry: Entry, id_: int | None) -> Collection[Key]:
        """Return the further keys that many have, or that are another customer's main ones."""
        sharing = {key: self._sharing.get(key, {}) for key, _ in entry.further_keys}
        return {
            key
            for key, people in sharing.items()
            if key in self._crowded
            or len(people) > MANY
            or any(other.id != id_ and other.has_main(*key) for other in people.values())
        }

    def _difference(self, person: Person) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        before, own = self._before, person.fields
        names = [name for name, value in before.items() if own[name] != value]
        after: dict[str, Any] = {name: own[name] for name in names}
        learned = [[kind.value, value, extension] for kind, value, extension in person.learned[self._learned :]]
        if learned:
            after["further"] = learned
        return ({name: before[name] for name in names}, after) if after else (None, None)


def make_new(id_: int, entry: Entry, branch_id: int | None, now: dt.datetime | None) -> Person:
    """Build the customer of a row that adds one."""
    person = Person.new(id_, entry.intake, [Kind(kind) for kind in entry.apart], branch_id)
    applying.complete_new(person, entry, now)
    person.know_keys()
    return person


def wanted_for(entries: Collection[Entry], ids: Collection[int], *, locks: bool) -> Wanted:
    further = {key for entry in entries if entry.further for key, _ in entry.further_keys}
    return Wanted(COLUMNS, ids, further, locks)


def _without(decided: Decided, known: Collection[tuple[int, int]]) -> Decided:
    """Drop pairs that are recorded."""
    if not decided.pairs:
        return decided
    left = tuple(pair for pair in decided.pairs if pair not in known)
    if left:
        return decided._replace(pairs=left)
    verdict, reason = _without_doubt(decided.created, decided.twin, decided.after)
    return decided._replace(verdict=verdict, code="", reason=reason, pairs=())


def _without_doubt(created: bool, twin: int | None, after: Mapping[str, Any] | None) -> tuple[Verdict, str]:
    if created:
        return Verdict.NEW, ""
    if twin is not None:
        return Verdict.DUPLICATE, sentences.TWIN.english(number=twin)
    return Verdict.CHANGED if after else Verdict.SAME, ""
