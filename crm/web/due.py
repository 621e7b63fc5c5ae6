"""How many reminders are due, of all kinds in one statement, and once in a request for what every page shows."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import g

from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.reminders import LAST_ID, Key, ReminderKind, Span
from crm.values import clock
from crm.web.reader import reader

COUNTED = 100
"""The highest count beside the navigation."""


class Numbers(NamedTuple):
    """How many reminders there are of each kind, up to `most` of each."""

    by_kind: Mapping[ReminderKind, int]
    most: int

    @property
    def total(self) -> int:
        return min(sum(self.by_kind.values()), self.most)

    @property
    def kinds(self) -> Sequence[ReminderKind]:
        """The kinds that have some."""
        return [kind for kind, number in self.by_kind.items() if number]

    def of_kind(self, kind: ReminderKind) -> int:
        return self.by_kind.get(kind, 0)


def numbers_of(span: Span, most: int) -> Numbers:
    """Count the reminders of a span, up to `most` of each kind."""
    kinds = tuple(catalog().reminders)
    parameters: dict[str, Any] = {}
    for kind in kinds:
        parameters |= kind.parameters(span._replace(most=most))
    found = db.session.execute(_counts(kinds), parameters).one() if kinds else ()
    return Numbers(dict(zip(kinds, found, strict=True)), most)


def due_now() -> Numbers:
    """Count what is due now, as far as the navigation shows it, unless the page has counted it."""
    if "due_now" not in g:
        zone = clock.zone(reader().organization.time_zone)
        note_due_now(numbers_of(Span(before=Key(clock.utcnow(), LAST_ID), zone=zone), COUNTED))
    found: Numbers = g.due_now
    return found


def note_due_now(numbers: Numbers) -> None:
    g.due_now = numbers


@functools.lru_cache(maxsize=8)
def _counts(kinds: tuple[ReminderKind, ...]) -> sa.Select[Any]:
    return prepared(
        sa.select(*(sa.select(sa.func.count()).select_from(kind.ids.subquery()).scalar_subquery() for kind in kinds))
    )
