"""An entry of the queue as its page shows it: two customers side by side, and what is chosen of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from crm.accounts.queries import branches
from crm.customers.keys import Decision, Duplicate
from crm.customers.models import Customer
from crm.duplicates import queries, rules
from crm.duplicates.models import Merge
from crm.duplicates.rows import as_stored
from crm.duplicates.rules import Agreement, Field, Suggestion
from crm.values import clock
from crm.web.filters import amount, number, when

SUGGESTED = {
    Suggestion.MERGE: "Likely the same person: the name and a key agree. Merge them.",
    Suggestion.SEPARATE: "Likely two people. Keep them apart.",
    Suggestion.LOOK: "Look closer: the names go together, and nothing else that tells people apart agrees.",
    Suggestion.NAMES: "Look closer: the names may be one person's, or of two in a family.",
    Suggestion.RENEWED: "Look closer: the name and a key agree, the passport numbers differ. It may have been renewed.",
}


class Line(NamedTuple):
    """A field of both customers, as people read it, how they agree, and the id of the one it is taken of."""

    field: Field
    values: tuple[str, str]
    agreement: Agreement
    taken: int

    @property
    def is_choice(self) -> bool:
        """Whether there is something to choose."""
        return self.values[0] != self.values[1]


@dataclasses.dataclass(frozen=True)
class Review:
    """An entry, its customers, who stays unless somebody chooses otherwise, and their latest merge."""

    entry: Duplicate
    people: tuple[Customer, Customer]
    keep: int
    take: Mapping[str, int]
    merge: Merge | None

    @classmethod
    def of(cls, entry: Duplicate, keep: int | None = None, take: Mapping[str, int] | None = None) -> Review:
        """Return the review of an entry; `keep` and `take` are what somebody has chosen so far."""
        people = queries.people_of(entry)
        first, second = map(as_stored, people)
        if keep not in (first["id"], second["id"]):
            keep = rules.better(first, second)
        return cls(entry, people, keep or 0, take or {}, queries.last_merge(entry))

    @property
    def decision(self) -> Decision:
        """What was decided."""
        return Decision(self.entry.decision)

    @property
    def other(self) -> int:
        """The id of the one who goes up in the other."""
        return next(person.id for person in self.people if person.id != self.keep)

    @property
    def reason(self) -> str:
        """Why the two may be one person, in words."""
        return rules.reason(self.entry.shared, self.entry.doubt)

    @property
    def can_be_undone(self) -> bool:
        """Whether the merge is young enough to be taken back."""
        return self.merge is not None and rules.can_be_undone(self.merge.created_at, clock.utcnow())

    @property
    def suggested(self) -> Suggestion:
        """What is likely right."""
        return rules.suggestion(*map(as_stored, self.people))

    @property
    def suggestion(self) -> str:
        """What is likely right, in words."""
        return SUGGESTED[self.suggested]

    def lines(self) -> Iterator[Line]:
        """Yield the fields that any of the two has."""
        rows = [as_stored(person) for person in self.people]
        kept, gone = rows if rows[0]["id"] == self.keep else reversed(rows)
        names = {branch.id: branch.name for branch in branches()}
        for field in rules.FIELDS:
            found = rules.agreement(field, rows[0], rows[1])
            if found is not Agreement.NONE:
                taken = self.take.get(field.name) or rules.default(field, kept, gone)
                first, second = (_shown(field, row, names) for row in rows)
                yield Line(field, (first, second), found, taken)

    def facts(self) -> Iterator[tuple[str, tuple[Any, Any]]]:
        """Yield what else tells the two apart, and is joined by itself."""
        first, second = self.people
        yield "Points", (number(first.loyalty_points), number(second.loyalty_points))
        yield "Orders", (number(first.total_orders), number(second.total_orders))
        yield "Spent", (amount(first.total_spent), amount(second.total_spent))
        yield "Next message", (when(first.next_message_at), when(second.next_message_at))
        yield "Since", (when(first.created_at), when(second.created_at))


def _shown(field: Field, row: Mapping[str, Any], branch_names: Mapping[int, str]) -> str:
    value = row[field.column]
    if field.is_consent:
        return "Allowed" if value else "Switched off"
    if field.name == "branch":
        return branch_names.get(value, "") if value else ""
    return str(value or "")
