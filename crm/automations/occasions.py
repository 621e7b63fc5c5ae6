"""Whom an occasion is for, on a day: reads in sets, a batch of customers by their ids at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crm.automations.models import Automation, AutomationGrant
from crm.automations.rules import AGAIN_AFTER, CATCH_UP, Occasion
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.loyalty import queries as loyalty
from crm.values import birthdays, clock

BATCH = 200
"""Customers at a time."""


class Span(NamedTuple):
    """Local days that an automation is done for: today, and those that were missed before it."""

    first: dt.date
    today: dt.date
    zone: ZoneInfo

    def start_of(self, day: dt.date) -> dt.datetime:
        return clock.at_or_after(dt.datetime.combine(day, dt.time()), self.zone)

    def moved(self, days: int) -> tuple[dt.date, dt.date]:
        return self.first + dt.timedelta(days=days), self.today + dt.timedelta(days=days)


class Found(NamedTuple):
    """Customers and their occasions; `last` is the customer after whom to go on, 0 at the end."""

    occasions: Sequence[tuple[int, str]]
    last: int


def span_of(automation: Automation, today: dt.date, zone: ZoneInfo) -> Span:
    """Return the days to do: those after the last one, or today for one that begins."""
    first = today if automation.ran_on is None else automation.ran_on + dt.timedelta(days=1)
    return Span(max(min(first, today), today - dt.timedelta(days=CATCH_UP)), today, zone)


def find(automation: Automation, span: Span) -> Found:
    """Return the next customers after the automation's cursor whose occasion it is."""
    rows = db.session.execute(_FINDERS[automation.occasion](automation, span)).all()
    last = rows[-1][0] if len(rows) == BATCH else 0
    return Found([(row[0], occasion) for row in rows if (occasion := _called(automation, span, row))], last)


def is_open(customer: Customer) -> bool:
    """Whether a customer gets anything at all."""
    return not customer.is_archived and customer.is_active and customer.erased_at is None


def _next(automation: Automation, *columns: Any) -> sa.Select[Any]:
    found = sa.select(Customer.id, *columns).where(
        Customer.id > automation.cursor, Customer.archived_at.is_(None), Customer.is_active
    )
    return found.order_by(Customer.id).limit(BATCH)


def _has_none(automation: Automation, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    given = sa.select(AutomationGrant.id).where(
        AutomationGrant.automation_id == automation.id, AutomationGrant.customer_id == Customer.id, *conditions
    )
    return ~given.exists()


def _birthdays(automation: Automation, span: Span) -> sa.Select[Any]:
    """Find whose birthday comes; one that customers set themselves counts from a while later."""
    days = birthdays.days_between(*span.moved(automation.days))
    counts = sa.or_(Customer.birthday_counts_from.is_(None), Customer.birthday_counts_from <= span.today)
    again = AutomationGrant.day > span.today - AGAIN_AFTER
    found = _next(automation, Customer.birthday).where(Customer.birthday.in_(days), counts)
    return found.where(_has_none(automation, again))


def _joined(automation: Automation, span: Span) -> sa.Select[Any]:
    first, last = span.moved(-automation.days)
    return _next(automation).where(
        Customer.created_at >= span.start_of(first),
        Customer.created_at < span.start_of(last + dt.timedelta(days=1)),
        _has_none(automation),
    )


def _expiring(automation: Automation, span: Span) -> sa.Select[Any]:
    first, last = span.moved(automation.days)
    ends = loyalty.first_end(Customer.id, first, last)
    found = _next(automation, ends).where(Customer.id.in_(loyalty.whose_points_end(first, last)))
    return found.where(_has_none(automation, AutomationGrant.day >= span.first))


def _absent(automation: Automation, span: Span) -> sa.Select[Any]:
    """Find who came once and was not seen for so long, and got nothing since they were seen."""
    until = span.start_of(span.today - dt.timedelta(days=automation.days - 1))
    bought, came = Customer.last_order_at, Customer.checked_in_at
    was_seen = sa.or_(bought.is_not(None), came.is_not(None))
    not_since = [sa.or_(column.is_(None), column < until) for column in (bought, came)]
    latest = sa.case((came.is_(None), bought), (bought.is_(None), came), (bought > came, bought), else_=came)
    given = sa.select(AutomationGrant.id).where(
        AutomationGrant.automation_id == automation.id,
        AutomationGrant.customer_id == Customer.id,
        AutomationGrant.created_at > latest,
    )
    return _next(automation, bought, came).where(was_seen, *not_since, ~given.exists())


def _called(automation: Automation, span: Span, row: Sequence[Any]) -> str:
    """Name the occasion, by which it is had once; "" for none."""
    if automation.occasion is Occasion.BIRTHDAY:
        first, _last = span.moved(automation.days)
        return f"birthday:{birthdays.next_one(row[1], first).year}"
    if automation.occasion is Occasion.JOINED:
        return "joined"
    if automation.occasion is Occasion.EXPIRING:
        return f"expiring:{row[1].isoformat()}" if row[1] else ""
    seen = max(moment for moment in row[1:] if moment is not None)
    return f"absent:{clock.to_local(seen, span.zone).date().isoformat()}"


_FINDERS: dict[Occasion, Callable[[Automation, Span], sa.Select[Any]]] = {
    Occasion.BIRTHDAY: _birthdays,
    Occasion.JOINED: _joined,
    Occasion.EXPIRING: _expiring,
    Occasion.ABSENT: _absent,
}
