"""Pages of lists with exact counts: by page number to row 10,000, by cursor at any depth."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from crm.accounts.models import Branch
from crm.bookings.models import Booking
from crm.bookings.queries import BookingFilter
from crm.customers.filters import LAST_ROW_BY_PAGE, NARROWING, Filters
from crm.customers.models import Customer
from crm.customers.order import Largest, Moment, Name, Order
from crm.customers.queries import matching
from crm.invoices.models import Invoice
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.leads.models import FollowUp, Lead, LoanCommitment
from crm.leads.queries import LeadFilter
from crm.loyalty.models import PointsEntry
from crm.messages.models import Message
from crm.stats.queries import totals

SORTED = 10_000
"""So many rows are sooner sorted than sought in the list's order."""


MAX_ROWS = 2**62


class Direction(NamedTuple):
    """An order of the list, and whether it is taken the way its pages show it."""

    order: Order
    forward: bool


def _both_ways(name: str, order: Order, *, forward: str = "-") -> dict[str, Direction]:
    return {f"{sign}{name}": Direction(order, sign == forward) for sign in ("", "-")}


ORDERINGS: dict[str, Direction] = {
    **_both_ways("name", Name(), forward=""),
    **_both_ways("created_at", Moment("created_at", descending=True, newest_first=True)),
    **_both_ways("loyalty_points", Largest("loyalty_points")),
    **_both_ways("total_orders", Largest("total_orders")),
    **_both_ways("total_spent", Largest("total_spent")),
    # Not one turned round: who has not ordered stands last in both.
    "last_order_date": Direction(Moment("last_order_at", descending=False, newest_first=False), True),
    "-last_order_date": Direction(Moment("last_order_at", descending=True, newest_first=True), True),
}
"""By the name and sign in the URL; `-` is the largest or the latest first, and the last of the alphabet."""


@dataclasses.dataclass(frozen=True)
class Page:
    """Rows of a list, how many there are in all, and the cursors of the pages before and after."""

    rows: Sequence[Any]
    count: int
    after: str | None = None
    before: str | None = None


class BeyondError(SentenceError):
    """A page number past the last row that has one."""

    def __init__(self) -> None:
        super().__init__("Pages go to row 10,000. Go on with the address in next, or search and filter.")


def customers(filters: Filters) -> Page:
    """Return a page of customers in one of ORDERINGS, which `filters.sort` names; raises BeyondError."""
    order, shown_forward = ORDERINGS[filters.sort]
    forward = shown_forward != bool(filters.before)
    conditions = [*filters.conditions(), *matching(filters.q)]
    count = _count(filters, conditions)
    start = order.decode(filters.before or filters.after)
    skip = 0 if start else _skip(filters.page, filters.per_page)
    if count <= SORTED and filters.narrowed:
        rows = _sorted(order, conditions, start, forward, skip, filters.per_page + 1)
    else:
        rows = _along(order, conditions, start, forward, skip, filters.per_page + 1)
    more, rows = len(rows) > filters.per_page, rows[: filters.per_page]
    if filters.before:
        rows.reverse()
    if not rows:
        return Page(rows, count)
    first, last = (order.encode(order.position(row)) for row in (rows[0], rows[-1]))
    has_next = more or bool(filters.before)
    has_previous = more if filters.before else bool(start or skip)
    return Page(rows, count, last if has_next else None, first if has_previous else None)


def entries(customer_id: int) -> sa.Select[PointsEntry]:
    """Return the statement of a customer's points entries, the latest first."""
    return sa.select(PointsEntry).where(PointsEntry.customer_id == customer_id).order_by(PointsEntry.id.desc())


def invoices(customer_id: int) -> sa.Select[Invoice]:
    """Return the statement of a customer's invoices with their receipts, the latest first."""
    statement = sa.select(Invoice).where(Invoice.customer_id == customer_id).options(selectinload(Invoice.receipts))
    return statement.order_by(Invoice.date.desc(), Invoice.id.desc())


def messages(customer_id: int) -> sa.Select[Message]:
    """Return the statement of a customer's messages, the latest first."""
    statement = sa.select(Message).where(Message.customer_id == customer_id)
    return statement.order_by(Message.send_at.desc(), Message.id.desc())


def leads(wanted: LeadFilter) -> sa.Select[Lead]:
    """Return the statement of the leads that are wanted, the latest first."""
    return sa.select(Lead).where(*wanted.conditions()).order_by(Lead.id.desc())


def parts_of_lead(model: type[FollowUp] | type[LoanCommitment], lead_id: int) -> sa.Select[Any]:
    """Return the statement of what hangs on a lead, the latest first."""
    return sa.select(model).where(model.lead_id == lead_id).order_by(model.id.desc())


def latest_bookings(lead_ids: Sequence[int]) -> dict[int, int]:
    """Return the id of the latest booking of each lead that has one."""
    statement = sa.select(Booking.lead_id, sa.func.max(Booking.id)).where(Booking.lead_id.in_(lead_ids))
    return {lead_id: id_ for lead_id, id_ in db.session.execute(statement.group_by(Booking.lead_id)) if lead_id}


def bookings(wanted: BookingFilter) -> sa.Select[Booking]:
    """Return the statement of the bookings that are wanted, with their persons."""
    return wanted.statement().options(selectinload(Booking.persons))


def branches() -> sa.Select[Branch]:
    """Return the statement of the branches by name."""
    return sa.select(Branch).order_by(Branch.name, Branch.id)


def page_of(statement: sa.Select[Any], number: int, size: int) -> Page:
    """Return a page of a list that is short as a rule, with numbers for cursors; one past the end is empty."""
    skip = min((number - 1) * size, MAX_ROWS)
    count = db.session.scalars(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())).one()
    rows = db.session.scalars(statement.offset(skip).limit(size)).unique().all()
    after = str(number + 1) if skip + size < count else None
    return Page(rows, count, after, str(number - 1) if number > 1 else None)


def _skip(number: int, size: int) -> int:
    if number * size > LAST_ROW_BY_PAGE:
        raise BeyondError
    return (number - 1) * size


def _count(filters: Filters, conditions: list[sa.ColumnElement[bool]]) -> int:
    """Return how many there are, as the figures say it where they do."""
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
    """Return rows read along the index of the order."""
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
    """Return rows of few enough for the database to sort."""
    # Materialized, or SQLite would read the whole list in its order to save sorting these.
    ids = sa.select(Customer.id).where(*conditions).cte("ids").prefix_with("MATERIALIZED")
    statement = sa.select(Customer).where(Customer.id.in_(sa.select(ids.c.id)))
    if start:
        statement = statement.where(sa.or_(*(part.condition for part in order.parts(Customer, start, forward))))
    statement = statement.order_by(*order.whole(Customer, forward)).offset(skip).limit(wanted)
    return list(db.session.scalars(statement))
