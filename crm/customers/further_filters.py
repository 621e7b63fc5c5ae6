"""Filters of the list of customers by what the row says of time and spending."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from babel.dates import get_month_names

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.manifest import CustomerFilter
from crm.values import clock, money
from crm.values.language import N_, current, ngettext

Given = Mapping[str, str]
Condition = sa.ColumnElement[bool]

MAX_DAYS = 3_650
AWAY_OFFERED = (30, 60, 90, 180, 365)
"""Days without a visit to choose from; a URL may have any number."""


def amount_in(value: str) -> int | None:
    """Return an amount of the organization as people or programs write it, None for no amount."""
    organization = current_organization()
    try:
        return money.parse_amount(value, organization.locale, organization.currency)
    except money.MoneyError:
        return None


def amount_words(value: str) -> str | None:
    organization, amount = current_organization(), amount_in(value)
    return None if amount is None else money.format_amount(amount, organization.currency, organization.locale)


def _days_in(value: str) -> int | None:
    days = int(value) if re.fullmatch(r"\d{1,4}", value, re.ASCII) else 0
    return days if 1 <= days <= MAX_DAYS else None


def _away_words(value: str) -> str | None:
    days = _days_in(value)
    return None if days is None else ngettext("%(num)s day", "%(num)s days", days, num=days)


def _away(value: str, given: Given) -> Condition:
    """Return the condition of those who came once, and neither bought nor checked in for so many days."""
    zone = clock.zone(current_organization().time_zone)
    day = clock.to_local(clock.utcnow(), zone).date() - dt.timedelta(days=(_days_in(value) or MAX_DAYS) - 1)
    since = clock.at_or_after(dt.datetime.combine(day, dt.time()), zone)
    bought, came = Customer.last_order_at, Customer.checked_in_at
    return sa.and_(
        sa.or_(bought.is_not(None), came.is_not(None)),
        *(sa.or_(column.is_(None), column < since) for column in (bought, came)),
    )


def _away_choices() -> Sequence[tuple[str, str]]:
    return [(str(days), _away_words(str(days)) or "") for days in AWAY_OFFERED]


def _months() -> Sequence[tuple[str, str]]:
    names = get_month_names("wide", context="stand-alone", locale=current().locale)
    return [(f"{number:02}", names[number]) for number in range(1, 13)]


def _month_words(value: str) -> str | None:
    return dict(_months()).get(value)


def _born_in(value: str, given: Given) -> Condition:
    return sa.and_(Customer.birthday >= f"{value}-01", Customer.birthday <= f"{value}-31")


def _spent(value: str, given: Given) -> Condition:
    return Customer.total_spent >= (amount_in(value) or 0)


FILTERS = (
    CustomerFilter("away", N_("Not seen for"), N_("number of days"), _away_words, _away, choices=_away_choices),
    CustomerFilter("birthday", N_("Birthday in"), N_("month"), _month_words, _born_in, choices=_months),
    CustomerFilter("spent", N_("Spent at least"), N_("amount"), amount_words, _spent, is_typed=True),
)
