"""Reads of the list of opt-outs for its page."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.messages.channels.base import Owner
from crm.messages.channels.registry import all_kinds
from crm.messages.suppression_models import Suppression
from crm.web.lists import Page, as_query, read_page

NAMES = 3
"""Names beside a shared address."""


class OptOut(NamedTuple):
    suppression: Suppression
    customers: list[tuple[int, str]]


class OptOutFilter(NamedTuple):
    q: str = ""

    def query(self) -> dict[str, Any]:
        return as_query(self)


def page_of_opt_outs(q: str, number: int) -> Page[OptOut]:
    """Search addresses; numbers by their digits, however spelled."""
    statement = sa.select(Suppression).options(joinedload(Suppression.created_by)).order_by(Suppression.id.desc())
    if q:
        looked_for = [(kind.kind, text) for kind in all_kinds() if (text := kind.searched(q))]
        matches = (sa.and_(Suppression.kind == kind, Suppression.address.contains(text)) for kind, text in looked_for)
        statement = statement.where(sa.or_(sa.false(), *matches))
    page = read_page(statement, OptOutFilter(q), number)
    owners: dict[tuple[str, str], list[Owner]] = {}
    for kind in all_kinds():
        of_kind = kind.owners_by_address(row.address for row in page.rows if row.kind == kind.kind)
        owners |= {(kind.kind, address): found for address, found in of_kind.items()}
    found = [OptOut(row, _named(owners[row.kind, row.address])) for row in page.rows]
    return dataclasses.replace(page, rows=found)


def _named(owners: list[Owner]) -> list[tuple[int, str]]:
    return [(owner.id, owner.name) for owner in owners if not owner.is_archived][:NAMES]
