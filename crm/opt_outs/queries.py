"""Reads of the list of opt-outs for its page."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.kernel.extensions import db
from crm.messages.channels.base import Owner
from crm.messages.channels.registry import all_kinds
from crm.messages.suppression_models import Suppression

PAGE = 50
LAST_PAGE = 200
NAMES = 3
"""Names beside a shared address."""


class OptOut(NamedTuple):
    suppression: Suppression
    customers: list[tuple[int, str]]


class OptOutPage(NamedTuple):
    rows: list[OptOut]
    q: str
    number: int
    has_more: bool

    def query(self, number: int) -> dict[str, Any]:
        return {"q": self.q or None, "page": number if number > 1 else None}


def page_of_opt_outs(q: str, number: int) -> OptOutPage:
    """Search addresses; numbers by their digits, however spelled."""
    number = min(max(number, 1), LAST_PAGE)
    statement = sa.select(Suppression).options(joinedload(Suppression.created_by))
    if q:
        looked_for = [(kind.kind, text) for kind in all_kinds() if (text := kind.searched(q))]
        matches = (sa.and_(Suppression.kind == kind, Suppression.address.contains(text)) for kind, text in looked_for)
        statement = statement.where(sa.or_(sa.false(), *matches))
    rows = db.session.scalars(
        statement.order_by(Suppression.id.desc()).offset((number - 1) * PAGE).limit(PAGE + 1)
    ).all()
    owners: dict[tuple[str, str], list[Owner]] = {}
    for kind in all_kinds():
        of_kind = kind.owners_by_address(row.address for row in rows[:PAGE] if row.kind == kind.kind)
        owners |= {(kind.kind, address): found for address, found in of_kind.items()}
    found = [OptOut(row, _named(owners[row.kind, row.address])) for row in rows[:PAGE]]
    return OptOutPage(found, q, number, len(rows) > PAGE and number < LAST_PAGE)


def _named(owners: list[Owner]) -> list[tuple[int, str]]:
    return [(owner.id, owner.name) for owner in owners if not owner.is_archived][:NAMES]
