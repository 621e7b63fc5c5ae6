"""Reads of the list of opt-outs for its page."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.kernel.extensions import db
from crm.messages.numbers import Owner, owners_by_number
from crm.messages.records import Suppression
from crm.values import phone

PAGE = 50
LAST_PAGE = 200
NAMES = 3
"""So many names stand beside a number that several customers share."""


class OptOut(NamedTuple):
    """A number on the list, and the customers who have it."""

    suppression: Suppression
    customers: list[tuple[int, str]]


class OptOutPage(NamedTuple):
    """A page of the list, the latest first."""

    rows: list[OptOut]
    q: str
    number: int
    has_more: bool

    def query(self, number: int) -> dict[str, Any]:
        """Return the query of the URL of another page."""
        return {"q": self.q or None, "page": number if number > 1 else None}


def page_of_opt_outs(q: str, number: int) -> OptOutPage:
    """Return a page of the numbers with the digits of `q` in them, however they are spelled; all for none."""
    number = min(max(number, 1), LAST_PAGE)
    statement = sa.select(Suppression).options(joinedload(Suppression.created_by))
    # A leading 0 or 00 is how people dial; the stored number has the country's code there.
    digits = phone.digits(q).lstrip("0")
    if q:
        statement = statement.where(Suppression.phone.contains(digits) if digits else sa.false())
    rows = db.session.scalars(
        statement.order_by(Suppression.id.desc()).offset((number - 1) * PAGE).limit(PAGE + 1)
    ).all()
    owners = owners_by_number(row.phone for row in rows[:PAGE])
    found = [OptOut(row, _named(owners[row.phone])) for row in rows[:PAGE]]
    return OptOutPage(found, q, number, len(rows) > PAGE and number < LAST_PAGE)


def _named(owners: list[Owner]) -> list[tuple[int, str]]:
    return [(owner.id, owner.name) for owner in owners if not owner.is_archived][:NAMES]
