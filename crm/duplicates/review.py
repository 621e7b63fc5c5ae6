"""The review page: two customers side by side."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from crm.accounts.queries import branches
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.models import Customer
from crm.duplicates import queries, rules
from crm.duplicates.models import Merge
from crm.duplicates.reports import sentence
from crm.duplicates.rows import as_stored
from crm.duplicates.rules import Agreement, MergeField, Suggestion
from crm.people.matching import Kind
from crm.people.own_sources import source_shown
from crm.values import birthdays, clock
from crm.values.language import LANGUAGES, N_
from crm.values.language import gettext as _
from crm.web.filters import amount, birthday, number, when

_SUGGESTIONS: dict[Suggestion, str] = {
    Suggestion.MERGE: N_("Probably the same person. We suggest merging."),
    Suggestion.SEPARATE: N_("Probably two people. We suggest keeping them apart."),
    Suggestion.LOOK: N_("Look closer: the names are similar, but nothing else matches."),
    Suggestion.NAMES: N_("Look closer: it may be one person, or two people in a family."),
    Suggestion.RENEWED: N_("Look closer: the passport numbers differ. It may be the same person with a new passport."),
}
_MERGES: dict[str, str] = {
    Kind.PHONE: N_("Probably the same person (name and phone match). We suggest merging."),
    Kind.EMAIL: N_("Probably the same person (name and e-mail match). We suggest merging."),
    Kind.PASSPORT: N_("Probably the same person (name and passport number match). We suggest merging."),
}


class Comparison(NamedTuple):
    """A field of both customers as people read it; `taken` is the id of the customer it is taken from."""

    field: MergeField
    values: tuple[str, str]
    agreement: Agreement
    taken: int

    @property
    def is_choice(self) -> bool:
        return self.values[0] != self.values[1]


@dataclasses.dataclass(frozen=True)
class Review:
    """An entry with its customers; `keep` is the id of the survivor, chosen or suggested."""

    entry: Duplicate
    people: tuple[Customer, Customer]
    keep: int
    take: Mapping[str, int]
    merge: Merge | None

    @classmethod
    def of(cls, entry: Duplicate, keep: int | None = None, take: Mapping[str, int] | None = None) -> Review:
        people = queries.people_of(entry)
        first, second = map(as_stored, people)
        if keep not in (first["id"], second["id"]):
            keep = rules.suggested_survivor(first, second)
        return cls(entry, people, keep or 0, take or {}, queries.last_merge(entry))

    @property
    def decision(self) -> Decision:
        return Decision(self.entry.decision)

    @property
    def other(self) -> int:
        return next(person.id for person in self.people if person.id != self.keep)

    @property
    def reason(self) -> str:
        return rules.reason(self.entry.shared, self.entry.doubt)

    @property
    def can_be_undone(self) -> bool:
        return self.merge is not None and rules.can_be_undone(self.merge.created_at, clock.utcnow())

    @property
    def suggested(self) -> Suggestion:
        return rules.suggestion(*map(as_stored, self.people))

    @property
    def suggestion(self) -> str:
        if self.suggested is not Suggestion.MERGE:
            return str(_SUGGESTIONS[self.suggested])
        shared = rules.shared_key(*map(as_stored, self.people))[0]
        return str(_MERGES.get(shared) or _SUGGESTIONS[Suggestion.MERGE])

    @property
    def left(self) -> list[str]:
        """Return what the undone merge left as it was."""
        return [sentence(report) for report in self.merge.snapshot.get("said", ())] if self.merge else []

    def comparisons(self) -> Iterator[Comparison]:
        rows = [as_stored(person) for person in self.people]
        survivor, merged = rows if rows[0]["id"] == self.keep else reversed(rows)
        names = {branch.id: branch.name for branch in branches()}
        for field in rules.FIELDS:
            found = rules.agreement(field, rows[0], rows[1])
            if found is not Agreement.NONE:
                taken = self.take.get(field.name) or rules.default_owner(field, survivor, merged)
                first, second = (_shown(field, row, names) for row in rows)
                yield Comparison(field, (first, second), found, taken)

    def facts(self) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """Yield figures of both customers, which a merge adds up without a choice."""
        first, second = self.people
        yield _("Points"), (number(first.loyalty_points), number(second.loyalty_points))
        yield _("Orders"), (number(first.total_orders), number(second.total_orders))
        yield _("Spent"), (amount(first.total_spent), amount(second.total_spent))
        yield _("Next message"), (when(first.next_message_at), when(second.next_message_at))
        yield _("Added"), (when(first.created_at), when(second.created_at))


def _shown(field: MergeField, row: Mapping[str, Any], branch_names: Mapping[int, str]) -> str:
    value = row[field.column]
    if field.is_consent:
        return _("Allowed") if value else _("Off")
    if field.name == "birthday":
        return birthday(birthdays.written(value, row["birth_year"]))
    if field.name == "branch":
        return branch_names.get(value, "") if value else ""
    if field.name == "source":
        return source_shown(value or "")
    if field.name == "language" and value in LANGUAGES:
        return LANGUAGES[value].name
    return str(value or "")
