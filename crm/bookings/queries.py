"""Reads of bookings: the list, the panels, what was paid, and the numbers that are given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from crm.bookings.models import Booking, BookingPerson, BookingStatus
from crm.bookings.rules import count_in, number_key, numbered
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.customers.search import find_ids
from crm.customers.search_text import like_pattern, terms
from crm.invoices.models import Invoice, InvoiceStatus
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.values.choices import unknown_choice
from crm.values.language import N_, ngettext
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.filters import today
from crm.web.lists import Page, read_page

SHOWN = 20

SEARCHED, SEARCHED_BRIEFLY = 20_000, 2_000
"""A search reads bookings of the latest days; older ones are found by number and by customer."""

GIVEN_LATELY = 200
"""The next number follows the highest generated one among the latest bookings."""

AT_ONCE = 100

MAX_PAYMENTS = 200

UPCOMING, PAST, CANCELED, ALL = "upcoming", "past", "canceled", "all"
TABS: dict[str, str] = {UPCOMING: N_("Upcoming"), PAST: N_("Past"), CANCELED: N_("Canceled"), ALL: N_("All")}


class BookingFilter(NamedTuple):
    """`when` is one of TABS, or "" for the one that shows most of what is asked for."""

    q: str = ""
    status: BookingStatus | None = None
    when: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> BookingFilter:
        """Read the query of a URL; an unknown choice matches nothing, and `unknown` says so."""
        when = args.get("when", "")
        return cls(
            clean_line(args.get("q", ""))[:200],
            next((status for status in BookingStatus if status == args.get("status")), None),
            when if when in TABS else "",
            _day(args.get("from", "")),
            _day(args.get("to", "")),
            _unknown(args),
        )

    @property
    def tab(self) -> str:
        """Return the tab: a search, a status or days are looked for among all bookings, unless a tab was chosen."""
        if self.when or self.status is not BookingStatus.CANCELED:
            return self.when or (ALL if self.is_set else UPCOMING)
        return CANCELED

    @property
    def is_set(self) -> bool:
        return bool(self.q or self.narrowed)

    @property
    def narrowed(self) -> bool:
        return bool(self.status or self.first or self.last or self.unknown)

    def query(self, **changes: Any) -> dict[str, Any]:
        values: dict[str, Any] = {"q": self.q, "status": self.status and self.status.value, "when": self.when}
        values |= {"from": self.first and self.first.isoformat(), "to": self.last and self.last.isoformat(), **changes}
        return {key: value for key, value in values.items() if value}

    def statement(self, searched: int = SEARCHED) -> sa.Select[Booking]:
        """Order upcoming bookings by day, others from the latest."""
        conditions = self._conditions()
        if self.q:
            conditions.append(Booking.id.in_(_found(self.q, conditions, searched)))
        statement = sa.select(Booking).where(*conditions)
        if self.tab == UPCOMING:
            return statement.order_by(Booking.date, Booking.id)
        # Past ones by their last day, as the index has it.
        day = Booking.ends_on if self.tab == PAST else Booking.date
        return statement.order_by(day.desc(), Booking.id.desc())

    def _conditions(self) -> list[sa.ColumnElement[bool]]:
        found: list[sa.ColumnElement[bool]] = [sa.false()] if self.unknown else []
        if self.tab in (UPCOMING, PAST):
            found.append(Booking.status != BookingStatus.CANCELED.value)
            found.append(Booking.ends_on >= today() if self.tab == UPCOMING else Booking.ends_on < today())
        if self.tab == UPCOMING:
            found.append(Booking.date >= _first_upcoming())
        if self.tab == CANCELED:
            found.append(Booking.status == BookingStatus.CANCELED.value)
        if self.status:
            found.append(Booking.status == self.status.value)
        if self.first:
            found.append(Booking.ends_on >= self.first)
        if self.last:
            found.append(Booking.date <= self.last)
        return found


def latest_bookings(lead_ids: Sequence[int]) -> dict[int, int]:
    statement = sa.select(Booking.lead_id, sa.func.max(Booking.id)).where(Booking.lead_id.in_(lead_ids))
    return {lead_id: id_ for lead_id, id_ in db.session.execute(statement.group_by(Booking.lead_id)) if lead_id}


def bookings(wanted: BookingFilter) -> sa.Select[Booking]:
    return wanted.statement().options(selectinload(Booking.persons), selectinload(Booking.documents))


def _unknown(args: Mapping[str, str]) -> str:
    found = unknown_choice(args, status=list(BookingStatus), when=TABS)
    wrong = next((args[name] for name in ("from", "to") if args.get(name) and _day(args[name]) is None), None)
    return found or (_("“%(text)s” is not a date.", text=clean_line(wrong)[:40]) if wrong else "")


class Party(NamedTuple):
    """The lead person, and the number of persons."""

    name: str
    size: int

    @property
    def others(self) -> str:
        return ngettext("and %(num)s other", "and %(num)s others", self.size - 1) if self.size > 1 else ""


def page_of(wanted: BookingFilter, number: int) -> Page[Booking]:
    return read_page(wanted.statement().options(joinedload(Booking.branch)), wanted, number)


def has_any() -> bool:
    return db.session.scalar(sa.select(Booking.id).limit(1)) is not None


def parties(bookings: Sequence[Booking]) -> dict[int, Party]:
    if not bookings:
        return {}
    lead = sa.func.max(sa.case((BookingPerson.is_lead, BookingPerson.name)))
    rows = db.session.execute(
        sa.select(BookingPerson.booking_id, lead, sa.func.count())
        .where(one_of(BookingPerson.booking_id, [booking.id for booking in bookings]))
        .group_by(BookingPerson.booking_id)
    )
    return {id_: Party(name or "", size) for id_, name, size in rows}


def paid_of(booking_ids: Sequence[int]) -> dict[int, int]:
    """Return what was paid for bookings by all of their invoices, of any branch; void ones don't count."""
    if not booking_ids:
        return {}
    of_them = sa.and_(one_of(Invoice.booking_id, list(booking_ids)), Invoice.status == InvoiceStatus.OPEN.value)
    statement = sa.select(Invoice.booking_id, sa.func.sum(Invoice.amount)).where(of_them).group_by(Invoice.booking_id)
    rows = db.session.execute(statement, execution_options={"all_branches": True})
    return {id_: int(paid) for id_, paid in rows if id_}


def _paid() -> sa.ScalarSelect[int]:
    """Select what `paid_of` returns, of a booking; by the table, for the model is limited to the branch."""
    invoice = Invoice.__table__.c
    of_booking = sa.and_(invoice.organization_id == Booking.organization_id, invoice.booking_id == Booking.id)
    paid = sa.select(sa.func.coalesce(sa.func.sum(invoice.amount), 0))
    return paid.where(of_booking, invoice.status == constant(InvoiceStatus.OPEN.value)).scalar_subquery()


def payments_of(booking_id: int) -> Sequence[Invoice]:
    """Return the latest invoices for a booking, of customers that the user sees."""
    statement = sa.select(Invoice).where(Invoice.booking_id == booking_id).options(joinedload(Invoice.customer))
    return db.session.scalars(statement.order_by(Invoice.date.desc(), Invoice.id.desc()).limit(MAX_PAYMENTS)).all()


def unlinked_invoices(booking_id: int) -> Sequence[Invoice]:
    """Return the latest open invoices of the guests that are for no booking."""
    guests = sa.select(BookingPerson.customer_id).where(BookingPerson.booking_id == booking_id)
    is_free = Invoice.booking_id.is_(None), Invoice.status == InvoiceStatus.OPEN.value
    statement = (
        sa.select(Invoice).where(Invoice.customer_id.in_(guests), *is_free).options(joinedload(Invoice.customer))
    )
    return db.session.scalars(statement.order_by(Invoice.date.desc(), Invoice.id.desc()).limit(SHOWN)).all()


def labels(ids: Sequence[int]) -> dict[int, str]:
    """Return by id the number and service of bookings that the user sees."""
    found = db.session.scalars(sa.select(Booking).where(one_of(Booking.id, list(ids))))
    return {booking.id: booking.label for booking in found}


def to_be_paid_by(customer_id: int) -> dict[int, str]:
    """Return by id the latest bookings of a customer that are not canceled."""
    found = db.session.scalars(_OF_CUSTOMER, {"customer": customer_id}).all()
    return {booking.id: booking.label for booking in found if not booking.is_canceled}


def balance_of(booking_id: int) -> int:
    return account_of(db.session.get_one(Booking, booking_id)).balance


class Account(NamedTuple):
    """The amounts that a booking costs and that were paid for it; `balance` is below 0 where too much was paid."""

    amount: int
    paid: int = 0

    @property
    def balance(self) -> int:
        return self.amount - self.paid


def account_of(booking: Booking) -> Account:
    return accounts_of([booking])[booking.id]


def accounts_of(bookings: Sequence[Booking]) -> dict[int, Account]:
    paid = paid_of([booking.id for booking in bookings])
    return {booking.id: Account(booking.amount, paid.get(booking.id, 0)) for booking in bookings}


def persons_of(booking_id: int) -> list[BookingPerson]:
    statement = sa.select(BookingPerson).where(BookingPerson.booking_id == booking_id).order_by(BookingPerson.id)
    return list(db.session.scalars(statement.options(joinedload(BookingPerson.customer))))


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return the customer's latest bookings; nothing hides the panel."""
    rows = db.session.execute(_PAID_OF_CUSTOMER, {"customer": customer.id}).all() if customer.has("bookings") else []
    return _with_accounts(rows) if rows else {}


def lead_panel_data(lead: Lead) -> dict[str, Any]:
    theirs = sa.select(Booking.id).where(Booking.lead_id == lead.id)
    return _with_accounts(db.session.execute(_LATEST.add_columns(_paid()).where(Booking.id.in_(theirs))).all())


def _with_accounts(rows: Sequence[sa.Row[Booking, int]]) -> dict[str, Any]:
    accounts = {booking.id: Account(booking.amount, int(paid)) for booking, paid in rows}
    return {"bookings": [booking for booking, _ in rows], "accounts": accounts}


def count_in_words(customer_id: int) -> str:
    """Say what a deletion of the customer does to bookings."""
    number = sa.func.count(BookingPerson.booking_id.distinct())
    count = db.session.scalars(sa.select(number).where(BookingPerson.customer_id == customer_id)).one()
    if not count:
        return ""
    return ngettext(
        "the link to %(num)s booking, which stays", "the links to %(num)s bookings, which stay", count, num=f"{count:,}"
    )


def is_taken(key: str) -> bool:
    """Whether the number is taken in any branch."""
    return bool(_taken([key]))


def next_number() -> str:
    """Return the next free generated number."""
    latest = sa.select(Booking.number_key).order_by(Booking.id.desc()).limit(GIVEN_LATELY)
    keys = db.session.scalars(latest, execution_options={"all_branches": True})
    count = max((count_in(key) or 0 for key in keys), default=0) + 1
    while True:
        numbers = [numbered(count + step) for step in range(AT_ONCE)]
        taken = _taken([number_key(number) for number in numbers])
        free = next((number for number in numbers if number_key(number) not in taken), None)
        if free is not None:
            return free
        count += AT_ONCE


def _taken(keys: list[str]) -> set[str]:
    statement = sa.select(Booking.number_key).where(one_of(Booking.number_key, keys))
    return set(db.session.scalars(statement, execution_options={"all_branches": True}))


HAS = any_of(BookingPerson)
"""The condition of customers with bookings."""

_LATEST = sa.select(Booking).order_by(Booking.date.desc(), Booking.id.desc()).limit(constant(SHOWN))
_theirs = sa.select(BookingPerson.booking_id).where(BookingPerson.customer_id == sa.bindparam("customer"))
_OF_CUSTOMER = prepared(_LATEST.where(Booking.id.in_(_theirs)))
_PAID_OF_CUSTOMER = prepared(_LATEST.add_columns(_paid()).where(Booking.id.in_(_theirs)))


def _first_upcoming() -> sa.ColumnElement[dt.date]:
    """Return the day from which upcoming bookings are read: today, or when the first began that still goes on."""
    goes_on = sa.and_(Booking.date_until.is_not(None), Booking.ends_on >= today(), Booking.date < today())
    began = sa.select(sa.func.min(Booking.date)).where(goes_on).scalar_subquery()
    return sa.func.coalesce(began, sa.literal(today(), sa.Date))


def _found(q: str, conditions: list[sa.ColumnElement[bool]], searched: int) -> sa.CompoundSelect[Any]:
    """Select the ids that a search finds: to test an OR, SQLite would walk through all bookings in their order."""
    latest = sa.select(Booking.id, Booking.search_text).where(*conditions)
    read = latest.order_by(Booking.date.desc(), Booking.id.desc()).limit(searched).subquery()
    said = [read.c.search_text.like(like_pattern(term), escape="\\") for term in terms(q)]
    found: list[sa.Select[Any]] = [
        sa.select(read.c.id).where(*said),
        sa.select(Booking.id).where(Booking.number_key == number_key(q)),
    ]
    customers = find_ids(q)
    if customers:
        found.append(sa.select(BookingPerson.booking_id).where(one_of(BookingPerson.customer_id, customers)))
    return sa.union_all(*found)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
