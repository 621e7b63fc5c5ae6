"""The points of vouchers: the only place where this feature asks the ledger."""

from __future__ import annotations

import datetime as dt

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.loyalty import queries
from crm.loyalty import services as loyalty
from crm.values import money
from crm.values.language import ngettext


def spendable(customer: Customer, today: dt.date) -> int:
    return queries.spendable(customer.id, today)


def spend(customer: Customer, points: int, code: str, source: str, reason: str) -> int:
    """Take the points for a voucher, all or none, and return the id of the entry; raises PointsError."""
    return loyalty.redeem(customer.id, points, f"voucher:{code}", source, reason).id


def give_back(entry_id: int, source: str) -> None:
    """Return the points of a voucher to where they came from, once."""
    loyalty.give_back(entry_id, source)


def expired_return() -> bool:
    """Whether the points of a voucher that expires unused come back."""
    return queries.settings_here().expired_vouchers_return


def too_few(customer: Customer, points: int, needed: int) -> str:
    locale = current_organization().locale
    return ngettext(
        "%(name)s has %(num)s point to spend, and this takes %(needed)s.",
        "%(name)s has %(num)s points to spend, and this takes %(needed)s.",
        points,
        name=customer.name,
        num=money.format_number(points, locale),
        needed=money.format_number(needed, locale),
    )


def too_few_of_yours(points: int, needed: int) -> str:
    locale = current_organization().locale
    return ngettext(
        "You have %(num)s point, and this takes %(needed)s.",
        "You have %(num)s points, and this takes %(needed)s.",
        points,
        num=money.format_number(points, locale),
        needed=money.format_number(needed, locale),
    )
