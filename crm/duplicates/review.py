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
from crm.duplicates.rows import as_stored
from crm.duplicates.rules import Agreement, MergeField, Suggestion
from crm.values import clock
from crm.web.filters import amount, number, when

SUGGESTION_TEXTS = {
    Suggestion.MERGE: "Likely the same person: the name and a key agree. Merge them.",
    Suggestion.SEPARATE: "Likely two people. Keep them apart.",
    Suggestion.LOOK: "Look closer: the names go together, and nothing else that tells people apart agrees.",
    Suggestion.NAMES: "Look closer: the names may be one person's, or of two in a family.",
    Suggestion.RENEWED: "Look closer: the name and a key agree, the passport numbers differ. It may have been renewed.",
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
        return SUGGESTION_TEXTS[self.suggested]

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
        yield "Points", (number(first.loyalty_points), number(second.loyalty_points))
        yield "Orders", (number(first.total_orders), number(second.total_orders))
        yield "Spent", (amount(first.total_spent), amount(second.total_spent))
        yield "Next message", (when(first.next_message_at), when(second.next_message_at))
        yield "Since", (when(first.created_at), when(second.created_at))


def _shown(field: MergeField, row: Mapping[str, Any], branch_names: Mapping[int, str]) -> str:
    value = row[field.column]
    if field.is_consent:
        return "Allowed" if value else "Switched off"
    if field.name == "branch":
        return branch_names.get(value, "") if value else ""
    return str(value or "")
