"""The list of customers: search, filters, order and pages, bounded whatever the size."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.filters import Filters
from crm.customers.models import Customer, CustomerSearch
from crm.customers.order import ORDERS, Order, Part
from crm.customers.search_text import Term, fts_phrase, like_pattern
from crm.extensions import db
from crm.tenancy import require_organization
from crm.text import clean_line, fold

COUNTED = 10_000
SMALL = 20_000
BATCHES = (400, 1_600, 6_000, 12_000)
SUGGESTIONS = 20

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
)
PLACES = (Customer.id, Customer.name_key, Customer.next_message_at)


@dataclasses.dataclass(frozen=True)
class Page:
    """A page of the list, with the cursors to its neighbours.

    `count` is exact to 10,000, COUNTED + 1 when there are more, None when nobody counted.
    """

    rows: Sequence[Row]
    count: int | None
    after: str | None = None
    before: str | None = None


def page_of(filters: Filters) -> Page:
    """Return the page that `filters` ask for.

    What few customers share is answered from the text index. A term that more than 10,000 share is looked for along
    the list itself, in growing batches up to 20,000 rows; Next goes on from there.
    """
    order, conditions = ORDERS[filters.sort], filters.conditions()
    count: int | None
    if not filters.terms:
        count = _count(conditions)
        rows = list(_along(order, conditions, filters, filters.per_page + 1, COLUMNS))
        end = None
    else:
        found = _found(filters.terms)
        if len(found) <= COUNTED:
            places = db.session.execute(sa.select(*PLACES).where(_among(Customer.id, found), *conditions)).all()
            count = len(places)
            rows = _complete(_cut(order, places, filters))
            end = None
        else:
            count = None if filters.narrowed_besides_search else COUNTED + 1
            places, end = _walk(order, conditions, filters)
            rows = _complete(places)
    if filters.before and len(rows) <= filters.per_page:
        return page_of(dataclasses.replace(filters, before="", after="", page=1))
    return _page(order, filters, rows, count, end)


def _page(order: Order, filters: Filters, rows: list[Row], count: int | None, end: Row | None) -> Page:
    more, rows = len(rows) > filters.per_page, rows[: filters.per_page]
    if filters.before:
        rows.reverse()
    if not rows:
        return Page(rows, count, after=order.encode(order.position(end)) if end else None)
    first, last = order.position(rows[0]), order.position(end or rows[-1])
    moved = filters.after or filters.page > 1
    return Page(
        rows,
        count,
        after=order.encode(last) if more or filters.before or end else None,
        before=order.encode(first) if moved or (filters.before and more) else None,
    )


def _complete(places: list[Row]) -> list[Row]:
    """Return the rows of `places` with all that the list shows."""
    if not places:
        return []
    found = db.session.execute(sa.select(*COLUMNS).where(Customer.id.in_([place.id for place in places])))
    rows = {row.id: row for row in found}
    return [rows[place.id] for place in places if place.id in rows]


def _along(
    order: Order, conditions: list[Condition], filters: Filters, wanted: int, columns: Sequence[Any] = PLACES
) -> Iterator[Row]:
    """Yield up to `wanted` rows along the list, from the cursor or the page number on."""
    start = order.decode(filters.before or filters.after)
    skip = 0 if start else (filters.page - 1) * filters.per_page
    for part in order.parts(start, forward=not filters.before):
        statement = sa.select(*columns).where(part.condition, *conditions).order_by(*part.order)
        places = db.session.execute(statement.offset(skip).limit(wanted)).all()
        skip = max(0, skip - _size(part, conditions, skip)) if skip and not places else 0
        yield from places
        wanted -= len(places)
        if wanted <= 0:
            return


def _size(part: Part, conditions: list[Condition], limit: int) -> int:
    return _bounded(sa.select(Customer.id).where(part.condition, *conditions), limit)


def _count(conditions: list[Condition]) -> int:
    return _bounded(sa.select(Customer.id).where(*conditions), COUNTED + 1)


def _bounded(statement: Any, limit: int) -> int:
    counted = statement.limit(limit).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def _cut(order: Order, places: Sequence[Row], filters: Filters) -> list[Row]:
    """Return up to a page and one more of `places`, sorted in Python: they are all there and few."""
    forward = not filters.before
    start = order.decode(filters.before or filters.after)
    keyed = sorted(((order.key(order.position(place)), place) for place in places), reverse=not forward)
    if start:
        edge = order.key(start)
        keyed = [(key, place) for key, place in keyed if (key > edge if forward else key < edge)]
        skip = 0
    else:
        skip = (filters.page - 1) * filters.per_page
    return [place for _, place in keyed[skip : skip + filters.per_page + 1]]


def _walk(order: Order, conditions: list[Condition], filters: Filters) -> tuple[list[Row], Row | None]:
    """Return the matches met along the list, and the row where the search stopped short of a page."""
    matches: list[Row] = []
    batch: Sequence[Row] = []
    skip = 0 if filters.after or filters.before else (filters.page - 1) * filters.per_page
    step = dataclasses.replace(filters, page=1)
    for size in BATCHES:
        batch = list(_along(order, conditions, step, size))
        hits = _having([place.id for place in batch], filters.terms)
        matches.extend(place for place in batch if place.id in hits)
        if len(matches) - skip > filters.per_page or len(batch) < size:
            return matches[skip : skip + filters.per_page + 1], None
        cursor = order.encode(order.position(batch[-1]))
        step = dataclasses.replace(step, before=cursor) if filters.before else dataclasses.replace(step, after=cursor)
    return matches[skip:], batch[-1]


def _found(terms: Sequence[Term]) -> list[int]:
    """Return the customers that have all terms, up to one more than are counted."""
    statement = sa.select(CustomerSearch.customer_id).where(
        CustomerSearch.organization_id == require_organization(), *_matching(terms)
    )
    return list(db.session.scalars(statement.limit(COUNTED + 1)))


def _having(ids: list[int], terms: Sequence[Term]) -> set[int]:
    statement = sa.select(CustomerSearch.customer_id).where(
        CustomerSearch.organization_id == require_organization(), _among(CustomerSearch.customer_id, ids)
    )
    return set(db.session.scalars(statement.where(*_likes(terms))))


def _matching(terms: Sequence[Term]) -> list[Condition]:
    """Return conditions that a trigram index serves; in a small organization short terms are found anywhere."""
    if all(_is_short(term) for term in terms) and _is_small():
        return _likes([Term(term.needle.strip()) for term in terms])
    if db.engine.dialect.name == "postgresql":
        return _likes(terms)
    phrases = " AND ".join(fts_phrase(term) for term in terms)
    index = sa.table("customer_search_fts", sa.column("rowid"), sa.column("customer_search_fts"))
    found = sa.select(index.c.rowid).where(index.c.customer_search_fts.op("MATCH")(phrases))
    return [CustomerSearch.customer_id.in_(found)]


def _is_short(term: Term) -> bool:
    return len(term.needle.strip()) < 3


def _is_small() -> bool:
    statement = sa.select(CustomerSearch.customer_id).where(CustomerSearch.organization_id == require_organization())
    return _bounded(statement, SMALL + 1) <= SMALL


def _likes(terms: Sequence[Term]) -> list[Condition]:
    return [_like(like_pattern(term)) for term in terms]


def _like(pattern: str) -> Condition:
    return CustomerSearch.text.like(pattern, escape="\\")


def _among(column: Any, ids: list[int]) -> Condition:
    """Return `column` in `ids` with one parameter: thousands of single ones are slow to parse."""
    if db.engine.dialect.name == "postgresql":
        return column == sa.any_(sa.cast(ids, ARRAY(sa.BigInteger)))  # type: ignore[no-any-return]
    values = sa.func.json_each(json.dumps(ids)).table_valued("value")
    return column.in_(sa.select(values.c.value))  # type: ignore[no-any-return]


def cities_like(start: str) -> list[str]:
    """Return up to 20 cities of the organization's customers that begin with `start`."""
    key = fold(clean_line(start))[:100]
    conditions = [Customer.city_key >= key, Customer.city_key < key + "\U0010ffff"] if key else [Customer.city_key > ""]
    cities: list[str] = []
    while len(cities) < SUGGESTIONS:
        row = db.session.execute(
            sa.select(Customer.city, Customer.city_key).where(*conditions).order_by(Customer.city_key).limit(1)
        ).first()
        if row is None:
            break
        cities.append(row.city)
        conditions = [*conditions[1:], Customer.city_key > row.city_key] if key else [Customer.city_key > row.city_key]
    return cities
