"""Reads of segments."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.kernel.extensions import db
from crm.segments.models import Segment
from crm.values.text import fold
from crm.web.lists import Page, read_page

MAX_NAME = 100
MOST_OFFERED = 200
"""Segments to choose from in a form."""
MOST_COMPARED = 1_000
"""Segments among which that of a query is looked for."""


class SegmentFilter(NamedTuple):
    def query(self) -> dict[str, Any]:
        return {}


def by_name() -> sa.Select[Segment]:
    return sa.select(Segment).order_by(sa.func.lower(Segment.name), Segment.id)


def segments_page(number: int) -> Page[Segment]:
    return read_page(by_name(), SegmentFilter(), number)


def offered() -> list[Segment]:
    return list(db.session.scalars(by_name().limit(MOST_OFFERED)))


def key_of(name: str) -> str:
    """Return what no two segments have in common: it says nothing of a person whom the name may name."""
    return hashlib.sha256(fold(name).encode()).hexdigest()


def segment_called(name: str) -> Segment | None:
    return db.session.scalar(sa.select(Segment).where(Segment.name_key == key_of(name)))


def free_name(name: str) -> str:
    """Return the name, with a number where it is taken."""
    taken, number, found = set(db.session.scalars(sa.select(Segment.name_key))), 1, name[:MAX_NAME]
    while key_of(found) in taken:
        number += 1
        found = f"{name[: MAX_NAME - 5]} {number}"
    return found
