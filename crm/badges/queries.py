"""Reads of badges, and of what customers did."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.badges.models import Badge, BadgeGrant
from crm.badges.rules import Day
from crm.badges.signals import referrals_asked
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.invoices.models import Invoice
from crm.invoices.queries import OPEN
from crm.kernel.columns import constant, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.values.choices import unknown_choice
from crm.values.language import N_
from crm.visits.models import Visit
from crm.web.lists import Page, read_page

ALL_BRANCHES = {"all_branches": True}
MOST = 200
"""Badges of an organization that are looked at."""
ARCHIVED = "archived"
SHOWN = {"": N_("In use"), ARCHIVED: N_("Archived")}


class BadgeFilter(NamedTuple):
    show: str = ""
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> BadgeFilter:
        return cls(args.get("show", ""), unknown_choice(args, show=SHOWN))

    def query(self) -> dict[str, str]:
        return {"show": self.show} if self.show else {}

    def statement(self) -> sa.Select[Badge]:
        is_wanted = Badge.archived_at.is_not(None) if self.show == ARCHIVED else Badge.archived_at.is_(None)
        statement = sa.select(Badge).where(is_wanted).order_by(Badge.name, Badge.id)
        return statement.where(sa.false()) if self.unknown else statement


class Listed(NamedTuple):
    """`counts` say by badge how many customers have it."""

    page: Page[Badge]
    counts: Mapping[int, int]


def badges_page(wanted: BadgeFilter, number: int) -> Listed:
    page = read_page(wanted.statement().options(joinedload(Badge.voucher_of)), wanted, number)
    return Listed(page, holders([badge.id for badge in page.rows]))


def by_name(*, everything: bool) -> sa.Select[Badge]:
    """Select the badges in use, or archived ones, too."""
    return sa.select(Badge).order_by(Badge.name, Badge.id) if everything else BadgeFilter().statement()


def holders(badge_ids: Sequence[int]) -> dict[int, int]:
    """Count the customers who have each badge, as the list does that `?badge=` narrows."""
    statement = sa.select(BadgeGrant.badge_id, sa.func.count(Customer.id.distinct()))
    statement = statement.join(Customer, Customer.id == BadgeGrant.customer_id).where(Customer.archived_at.is_(None))
    statement = statement.where(one_of(BadgeGrant.badge_id, badge_ids), BadgeGrant.taken_at.is_(None))
    rows = db.session.execute(statement.group_by(BadgeGrant.badge_id))
    return {badge_id: number for badge_id, number in rows}  # noqa: C416 -- rows are no pairs to the type checker


def badges() -> Sequence[Badge]:
    """Return the badges in use, the first one first, then archived ones, for who has them may lose them."""
    in_use_first = sa.select(Badge).order_by(Badge.archived_at.is_not(None), Badge.id)
    return db.session.scalars(in_use_first.limit(MOST)).all()


def grants_of(customer_id: int) -> sa.Select[BadgeGrant]:
    """Select the badges that a customer has, the latest first."""
    statement = sa.select(BadgeGrant).where(BadgeGrant.customer_id == customer_id, BadgeGrant.taken_at.is_(None))
    return statement.options(joinedload(BadgeGrant.badge)).order_by(BadgeGrant.id.desc())


def all_grants_of(customer_id: int) -> Sequence[BadgeGrant]:
    """Return the badges that a customer has or had, the first one first."""
    statement = sa.select(BadgeGrant).where(BadgeGrant.customer_id == customer_id).order_by(BadgeGrant.id)
    return db.session.scalars(statement, execution_options=ALL_BRANCHES).all()


def history_of(customer_id: int) -> list[Day]:
    """Return the days of a customer on which anything happened that counts for a badge, in order."""
    spent = sa.case((Invoice.currency == current_organization().currency, Invoice.amount), else_=0)
    nothing = sa.literal(0)
    visits = Visit.day.label("day"), sa.literal(1).label("visits"), nothing.label("bought"), nothing.label("spent")
    check_ins = sa.select(*visits).where(Visit.customer_id == customer_id)
    invoices = sa.select(Invoice.date, nothing, sa.literal(1), spent).where(Invoice.customer_id == customer_id, OPEN)
    rows = sa.union_all(check_ins, invoices).subquery()
    each = sa.select(rows.c.day, *(sa.func.sum(rows.c[name]) for name in ("visits", "bought", "spent")))
    found = db.session.execute(each.group_by(rows.c.day), execution_options=ALL_BRANCHES).all()
    friends = _referrals(customer_id)
    days = {row[0]: Day(row[0], row[1] > 0, row[2] > 0, int(row[3] or 0), friends.pop(row[0], 0)) for row in found}
    days |= {day: Day(day, referrals=number) for day, number in friends.items()}
    return [days[day] for day in sorted(days)]


def _referrals(customer_id: int) -> dict[dt.date, int]:
    found: Counter[dt.date] = Counter()
    for _listener, answer in referrals_asked.send(customer_id):
        found.update(answer)
    return dict(found)


def of_customer(customer: Customer) -> list[tuple[Badge, int]]:
    """Return the badges that a customer has, each with how many times, those they got first first."""
    if not customer.has("badges"):
        return []
    return [(badge, times) for badge, times in db.session.execute(_HELD, {"customer": customer.id})]


def own_part(customer: Customer) -> dict[str, Any] | None:
    """Return what customers see on their own page."""
    held = of_customer(customer)
    return {"held": held} if held else None


HAS = any_of(BadgeGrant, BadgeGrant.customer_id == Customer.id, BadgeGrant.taken_at.is_(None))
"""The condition of customers with badges."""

_HELD = prepared(
    sa.select(Badge, sa.func.count(BadgeGrant.id))
    .join(BadgeGrant, BadgeGrant.badge_id == Badge.id)
    .where(BadgeGrant.customer_id == sa.bindparam("customer"), BadgeGrant.taken_at.is_(None))
    .group_by(Badge.id)
    .order_by(sa.func.min(BadgeGrant.id))
    .limit(constant(MOST))
)
