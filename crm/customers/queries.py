"""The list of customers: search, filters, order and pages, bounded whatever the size."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from crm.customers import search
from crm.customers.filters import Filters
from crm.customers.models import Customer, CustomerKey
from crm.customers.order import NEXT_MESSAGE, ORDERS, Order, Position
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db

WALK_BATCHES = (400, 1_600, 6_000, 12_000)

WITH_BRANCH = joinedload(Customer.branch)

WITH_FURTHER = joinedload(Customer.further)

Row = Any
Condition = sa.ColumnElement[bool]

COLUMNS = (
    Customer.id,
    Customer.name,
    Customer.name_key,
    Customer.phone,
    Customer.phone_valid,
    Customer.email,
    Customer.city,
    Customer.is_active,
    Customer.archived_at,
    Customer.next_message_at,
    Customer.loyalty_points,
    Customer.tier,
    Customer.total_spent,
    Customer.last_order_at,
)

_SKIP, _MOST = sa.bindparam("skip", type_=sa.Integer), sa.bindparam("most", type_=sa.Integer)
_ROWS = prepared(sa.select(*COLUMNS).where(one_of(Customer.id, "ids")))


@dataclasses.dataclass(frozen=True)
class CustomerPage:
    """`count` is exact to MAX_COUNT, MAX_COUNT + 1 when there are more, None when it was not counted."""

    rows: Sequence[Row]
    count: int | None
    after: str | None = None
    before: str | None = None


def page_of(filters: Filters, in_all: int | None = None) -> CustomerPage:
    """Return a page; `in_all` is the number of customers, where it is known.

    A term that more than 10,000 share is looked for along the list, up to 20,000 rows; Next continues from there.
    """
    if filters.unknown:
        return CustomerPage([], 0)
    order, conditions = ORDERS[filters.sort], filters.conditions()
    count: int | None
    end = None
    if not filters.terms:
        known = in_all is not None and not filters.narrowed
        count = min(in_all or 0, search.MAX_COUNT + 1) if known else _count(conditions)
        # Indexes of filters have the list's default order; in another order, few rows are sorted faster than sought.
        seek = not filters.sort or not filters.narrowed_besides_search or count > search.MAX_COUNT
        rows = list(_along(order, conditions, filters) if seek else _sorted(order, conditions, filters)[0])
    else:
        found = search.ids_with(filters.terms)
        if len(found) <= search.MAX_COUNT:
            rows, count = _sorted(order, [one_of(Customer.id, found), *conditions], filters, by_id=True)
        else:
            count = None if filters.narrowed_besides_search else search.MAX_COUNT + 1
            rows, end = _walk(order, conditions, filters)
    if filters.before and len(rows) <= filters.per_page:
        return page_of(dataclasses.replace(filters, before="", after="", page=1), in_all)
    return _page(order, filters, rows, count, end)


def read_further(customers: Sequence[Customer]) -> None:
    """Load the further contacts of customers with one statement."""
    found: dict[int, list[CustomerKey]] = {customer.id: [] for customer in customers}
    for key in db.session.scalars(
        sa.select(CustomerKey).where(one_of(CustomerKey.customer_id, found)).order_by(CustomerKey.id)
    ):
        found[key.customer_id].append(key)
    for customer in customers:
        set_committed_value(customer, "further", found[customer.id])


def _page(order: Order, filters: Filters, rows: list[Row], count: int | None, end: Row | None) -> CustomerPage:
    more, rows = len(rows) > filters.per_page, rows[: filters.per_page]
    if filters.before:
        rows.reverse()
    if not rows:
        return CustomerPage(rows, count, after=order.encode(order.position(end)) if end else None)
    first, last = order.position(rows[0]), order.position(end or rows[-1])
    moved = filters.after or filters.page > 1
    return CustomerPage(
        rows,
        count,
        after=order.encode(last) if more or filters.before or end else None,
        before=order.encode(first) if moved or (filters.before and more) else None,
    )


def _along(order: Order, conditions: list[Condition], filters: Filters) -> Iterator[Row]:
    start = order.decode(filters.before or filters.after)
    skip = 0 if start else (filters.page - 1) * filters.per_page
    wanted = filters.per_page + 1
    everybody = not (start or skip or filters.before or filters.narrowed_besides_search)
    for read in _top(filters.sort, wanted) if everybody else _stretches(order, conditions, start, not filters.before):
        rows = db.session.execute(read.rows, {"skip": skip, "most": wanted}).all()
        skip = max(0, skip - search.count_to(read.ids, skip)) if skip and not rows else 0
        yield from rows
        wanted -= len(rows)
        if wanted <= 0:
            return


class _Stretch(NamedTuple):
    rows: sa.Select[*tuple[Any, ...]]
    ids: sa.Select[Any]


def _stretches(order: Order, conditions: list[Condition], start: Position | None, forward: bool) -> Iterator[_Stretch]:
    for part in order.parts(Customer, start, forward):
        rows = sa.select(*COLUMNS).where(part.condition, *conditions).order_by(*part.order)
        yield _Stretch(rows.offset(_SKIP).limit(_MOST), sa.select(Customer.id).where(part.condition, *conditions))


@functools.lru_cache
def _top(sort: str, wanted: int) -> list[_Stretch]:
    reads = _stretches(ORDERS[sort], Filters().conditions(), None, True)
    return [_Stretch(prepared(read.rows.offset(None).limit(constant(wanted))), read.ids) for read in reads]


def _count(conditions: list[Condition]) -> int:
    return search.count_to(sa.select(Customer.id).where(*conditions), search.MAX_COUNT + 1)


def _sorted(
    order: Order, conditions: list[Condition], filters: Filters, *, by_id: bool = False
) -> tuple[list[Row], int]:
    """Return a page of rows and one more, and the count; `by_id` reads an index that covers the order's column."""
    start, forward = order.decode(filters.before or filters.after), not filters.before
    # Materialized, or SQLite reads the whole list in its order to avoid the sort.
    found = sa.select(Customer.id, *(getattr(Customer, name) for name in order.columns)).where(*conditions)
    if by_id and order.columns == NEXT_MESSAGE.columns and filters.status != "archived":
        found = found.with_hint(Customer, "INDEXED BY ix_customers_newest", "sqlite")
    places = found.cte("places").prefix_with("MATERIALIZED")
    count = sa.select(sa.func.count()).select_from(places)
    statement = sa.select(places.c.id, count.scalar_subquery().label("number"))
    if start:
        statement = statement.where(sa.or_(*(part.condition for part in order.parts(places.c, start, forward))))
    skip = 0 if start else (filters.page - 1) * filters.per_page
    statement = statement.order_by(*order.whole(places.c, forward)).offset(skip).limit(filters.per_page + 1)
    rows = db.session.execute(statement).all()
    return _complete([row.id for row in rows]), rows[0].number if rows else db.session.scalars(count).one()


def _walk(order: Order, conditions: list[Condition], filters: Filters) -> tuple[list[Row], Row | None]:
    """Return the matches met along the list, and the row where the search stopped short of a page."""
    matches: list[int] = []
    skip = 0 if filters.after or filters.before else (filters.page - 1) * filters.per_page
    start = order.decode(filters.before or filters.after)
    for size in WALK_BATCHES:
        batch = _ids_along(order, conditions, start, size, forward=not filters.before)
        hits = search.ids_with_among(batch, filters.terms)
        matches.extend(id_ for id_ in batch if id_ in hits)
        if len(matches) - skip > filters.per_page or len(batch) < size:
            return _complete(matches[skip : skip + filters.per_page + 1]), None
        (end,) = _complete(batch[-1:])
        start = order.position(end)
    return _complete(matches[skip:]), end


def _ids_along(
    order: Order, conditions: list[Condition], start: Position | None, wanted: int, *, forward: bool
) -> list[int]:
    ids: list[int] = []
    for part in order.parts(Customer, start, forward):
        statement = sa.select(Customer.id).where(part.condition, *conditions).order_by(*part.order)
        ids += db.session.scalars(statement.limit(wanted - len(ids)))
        if len(ids) >= wanted:
            break
    return ids


def _complete(ids: list[int]) -> list[Row]:
    if not ids:
        return []
    rows = {row.id: row for row in db.session.execute(_ROWS, {"ids": ids})}
    return [rows[id_] for id_ in ids if id_ in rows]
