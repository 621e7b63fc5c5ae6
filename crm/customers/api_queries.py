"""Pages of customers with exact counts: by page number to row 10,000, by cursor at any depth."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.api.paging import CursorPage
from crm.customers.filters import LAST_ROW_BY_PAGE, NARROWING, Filters
from crm.customers.models import Customer
from crm.customers.order import ByLargest, ByMoment, ByName, Order
from crm.customers.search import matching
from crm.customers.totals import totals
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db

SORT_THRESHOLD = 10_000
"""Up to this many rows are sorted; more are read along an index of the order."""


class Direction(NamedTuple):
    order: Order
    forward: bool


def _both_ways(name: str, order: Order, *, forward: str = "-") -> dict[str, Direction]:
    return {f"{sign}{name}": Direction(order, sign == forward) for sign in ("", "-")}


ORDERINGS: dict[str, Direction] = {
    **_both_ways("name", ByName(), forward=""),
    **_both_ways("created_at", ByMoment("created_at", descending=True, newest_first=True)),
    **_both_ways("loyalty_points", ByLargest("loyalty_points")),
    **_both_ways("total_orders", ByLargest("total_orders")),
    **_both_ways("total_spent", ByLargest("total_spent")),
    # Not each other in reverse: customers without orders stand last in both.
    "last_order_date": Direction(ByMoment("last_order_at", descending=False, newest_first=False), True),
    "-last_order_date": Direction(ByMoment("last_order_at", descending=True, newest_first=True), True),
}
"""By the name and sign in the URL; `-` is the largest or latest first, and for names the reverse alphabet."""


class BeyondError(SentenceError):
    def __init__(self) -> None:
        super().__init__("Pages go to row 10,000. Go on with the address in next, or search and filter.")


def page_of_customers(filters: Filters) -> CursorPage:
    """Return a page in the order that `filters.sort` names in ORDERINGS; raises BeyondError."""
    order, shown_forward = ORDERINGS[filters.sort]
    forward = shown_forward != bool(filters.before)
    conditions = [*filters.conditions(), *matching(filters.q)]
    count = _count(filters, conditions)
    start = order.decode(filters.before or filters.after)
    skip = 0 if start else _skip(filters.page, filters.per_page)
    if count <= SORT_THRESHOLD and filters.narrowed:
        rows = _sorted(order, conditions, start, forward, skip, filters.per_page + 1)
    else:
        rows = _along(order, conditions, start, forward, skip, filters.per_page + 1)
    more, rows = len(rows) > filters.per_page, rows[: filters.per_page]
    if filters.before:
        rows.reverse()
    if not rows:
        return CursorPage(rows, count)
    first, last = (order.encode(order.position(row)) for row in (rows[0], rows[-1]))
    has_next = more or bool(filters.before)
    has_previous = more if filters.before else bool(start or skip)
    return CursorPage(rows, count, last if has_next else None, first if has_previous else None)


def _skip(number: int, size: int) -> int:
    if number * size > LAST_ROW_BY_PAGE:
        raise BeyondError
    return (number - 1) * size


def _count(filters: Filters, conditions: list[sa.ColumnElement[bool]]) -> int:
    """Count exactly, from the totals where they have the figure."""
    asked = [name for name in ("q", *NARROWING) if getattr(filters, name)]
    if not asked:
        return totals().customers
    if asked == ["tier"]:
        return totals().tiers[filters.tier]
    if asked == ["status"]:
        figures = totals()
        return figures.active if filters.status == "active" else figures.customers - figures.active
    return db.session.scalars(sa.select(sa.func.count(Customer.id)).where(*conditions)).one()


def _along(order: Order, conditions: Any, start: Any, forward: bool, skip: int, wanted: int) -> list[Customer]:
    rows: list[Customer] = []
    for part in order.parts(Customer, start, forward):
        statement = sa.select(Customer).where(part.condition, *conditions).order_by(*part.order)
        found = db.session.scalars(statement.offset(skip).limit(wanted - len(rows))).all()
        if skip and not found:
            skip -= db.session.scalars(sa.select(sa.func.count(Customer.id)).where(part.condition, *conditions)).one()
        elif found:
            skip = 0
        rows += found
        if len(rows) >= wanted:
            break
    return rows


def _sorted(order: Order, conditions: Any, start: Any, forward: bool, skip: int, wanted: int) -> list[Customer]:
    # Materialized, or SQLite reads the whole list in its order to avoid the sort.
    ids = sa.select(Customer.id).where(*conditions).cte("ids").prefix_with("MATERIALIZED")
    statement = sa.select(Customer).where(Customer.id.in_(sa.select(ids.c.id)))
    if start:
        statement = statement.where(sa.or_(*(part.condition for part in order.parts(Customer, start, forward))))
    statement = statement.order_by(*order.whole(Customer, forward)).offset(skip).limit(wanted)
    return list(db.session.scalars(statement))
