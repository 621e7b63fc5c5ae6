"""Sales by month, best customers, delivery by channel and leads by source: each figure is a list's number of rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.analytics import cohorts
from crm.customers.models import Customer
from crm.invoices.models import Invoice, InvoiceStatus
from crm.invoices.queries import OPEN
from crm.kernel.extensions import db
from crm.leads.lists import ALL, NO_SOURCE
from crm.leads.models import Lead, LeadStatus
from crm.messages import queries as messages
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.messages.models import Message
from crm.messages.rules import Status, told_alike
from crm.values import clock
from crm.web.filters import today

MONTHS = 12
BEST = 10
SOURCES = 20
DELIVERY_DAYS = 30

OUTCOMES = (
    *(Status.ACCEPTED, Status.NO_REPORT, Status.DELIVERED, Status.READ),
    *(Status.FAILED, Status.UNDELIVERED, Status.UNCONFIRMED),
)
"""What became of a message that was sent, each as the list of messages shows it."""

SELDOM = frozenset({Status.NO_REPORT, Status.UNDELIVERED})
"""Outcomes that are left out where there are none."""


class SalesMonth(NamedTuple):
    """Open invoices of a month in the organization's currency, and what they sum up to."""

    month: str
    invoices: int
    amount: int
    query: Mapping[str, str]

    @property
    def label(self) -> str:
        return clock.say_month(self.month)


class Sales(NamedTuple):
    """left_out: open invoices in other currencies by currency."""

    months: Sequence[SalesMonth]
    left_out: Mapping[str, int]

    @property
    def has_any(self) -> bool:
        return any(month.invoices for month in self.months)


class Outcome(NamedTuple):
    status: Status
    number: int
    query: Mapping[str, str]


class Delivery(NamedTuple):
    """What became of the messages of a channel."""

    channel: Channel
    number: int
    outcomes: Sequence[Outcome]


class LeadSource(NamedTuple):
    """Leads of a source, "" for none, and those of them who became customers."""

    source: str
    leads: int
    won: int

    def query(self, status: str = ALL) -> Mapping[str, str]:
        return {"status": status, "source": self.source or NO_SOURCE}

    @property
    def won_query(self) -> Mapping[str, str]:
        return self.query(LeadStatus.CONVERTED)


def read() -> dict[str, Any]:
    """Return the figures of the overview by name; `more_sources` where only the first are shown."""
    since = today() - dt.timedelta(days=DELIVERY_DAYS - 1)
    sources = leads_by_source(SOURCES + 1)
    return {
        "sales": sales_by_month(),
        "best": best_customers(),
        "delivery": delivery_since(since),
        "since": since,
        "sources": sources[:SOURCES],
        "more_sources": len(sources) > SOURCES,
    }


def sales_by_month() -> Sales:
    """Return the last 12 months of the calendar, the current one last."""
    months, own = list(cohorts.latest(today(), MONTHS)), current_organization().currency
    days = sa.select(Invoice.date, Invoice.currency, sa.func.count(), sa.func.sum(Invoice.amount))
    first, end = cohorts.first_day_of(months[0]), cohorts.first_day_of(months[-1], 1)
    days = days.where(OPEN, Invoice.date >= first, Invoice.date < end).group_by(Invoice.date, Invoice.currency)
    numbers: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for day, currency, number, amount in db.session.execute(days):
        if currency == own:
            numbers[cohorts.month_of(day)] += number
            amounts[cohorts.month_of(day)] += int(amount)
        else:
            left_out[currency] += number
    shared = {"status": InvoiceStatus.OPEN.value, **({"currency": own} if left_out else {})}
    rows = [SalesMonth(month, numbers[month], amounts[month], {"month": month, **shared}) for month in months]
    return Sales(rows, dict(sorted(left_out.items())))


def best_customers() -> Sequence[Any]:
    """Return the customers with the most spent, as the list has them in that order."""
    columns = (Customer.id, Customer.name, Customer.total_orders, Customer.total_spent)
    best = sa.select(*columns).where(Customer.archived_at.is_(None), Customer.total_spent > 0)
    return db.session.execute(best.order_by(Customer.total_spent.desc(), Customer.id.desc()).limit(BEST)).all()


def delivery_since(day: dt.date) -> list[Delivery]:
    """Return what became of messages since a day, by channel; channels without any are left out."""
    number = sa.func.count()
    rows = sa.select(Message.channel, Message.status, number).where(messages.since(day))
    found = {(row[0], row[1]): row[2] for row in db.session.execute(rows.group_by(Message.channel, Message.status))}
    delivery = []
    for channel in all_channels():
        outcomes = [
            Outcome(
                status,
                sum(found.get((channel, alike), 0) for alike in told_alike(status)),
                _query(channel, status, day),
            )
            for status in OUTCOMES
        ]
        if sent := sum(outcome.number for outcome in outcomes):
            kept = [each for each in outcomes if each.number or each.status not in SELDOM]
            delivery.append(Delivery(channel, sent, kept))
    return delivery


def leads_by_source(most: int) -> list[LeadSource]:
    """Return the sources with the most leads."""
    won = sa.func.sum(sa.case((Lead.status == LeadStatus.CONVERTED.value, 1), else_=0))
    rows = sa.select(Lead.source, sa.func.count(), won).group_by(Lead.source)
    rows = rows.order_by(sa.func.count().desc(), Lead.source).limit(most)
    return [LeadSource(source, int(number), int(converted)) for source, number, converted in db.session.execute(rows)]


def _query(channel: Channel, status: Status, day: dt.date) -> dict[str, str]:
    return {"channel": str(channel), "status": status.value, "from": day.isoformat()}
