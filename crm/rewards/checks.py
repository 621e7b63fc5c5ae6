"""Reads that say whether a reward is open to a customer, and if not, why: one sentence, in a fixed order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from babel.lists import format_list

from crm.accounts.queries import branch_names, current_organization
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.extensions import db
from crm.rewards import points
from crm.rewards.models import Reward, Voucher
from crm.rewards.rules import Period, VoucherState, first_day
from crm.values import clock, language
from crm.values.language import gettext as _
from crm.values.language import ngettext

TIERS = list(Tier)


class Standing(NamedTuple):
    """What decides for one customer: `had` are the vouchers by reward and period, `branch_id` where it is asked.

    to_them: whether it is the customer who reads the sentences.
    """

    customer: Customer
    today: dt.date
    had: Mapping[tuple[int, Period], int]
    spendable: int
    branch_id: int | None = None
    to_them: bool = False


def today_here() -> dt.date:
    return clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone)).date()


def standing_of(customer: Customer, branch_id: int | None = None, *, to_them: bool = False) -> Standing:
    """Read what a customer had of all rewards, and the points, in two statements."""
    today, zone = today_here(), clock.zone(current_organization().time_zone)
    columns = [_since(period, today, zone) for period in Period]
    rows = db.session.execute(
        sa.select(Voucher.reward_id, *columns)
        .where(Voucher.customer_id == customer.id, Voucher.points > 0, Voucher.state != VoucherState.CANCELED)
        .group_by(Voucher.reward_id),
        execution_options={"all_branches": True},
    )
    had = {(row[0], period): int(row[at]) for row in rows for at, period in enumerate(Period, 1)}
    return Standing(customer, today, had, points.spendable(customer, today), branch_id, to_them)


def refusal(reward: Reward, standing: Standing, asked: int | None = None) -> str:
    """Return why the customer can't have the reward, "" if they can; `asked` are the points where one says how many."""
    return next(filter(None, (check(reward, standing) for check in CHECKS)), "") or _points(reward, standing, asked)


def _activity(reward: Reward, standing: Standing) -> str:
    return _("%(reward)s is no longer offered.", reward=reward.name) if reward.is_archived else ""


def _dates(reward: Reward, standing: Standing) -> str:
    if reward.starts_on and standing.today < reward.starts_on:
        return _("%(reward)s begins on %(date)s.", reward=reward.name, date=_day(reward.starts_on))
    if reward.ends_on and standing.today > reward.ends_on:
        return _("%(reward)s ended on %(date)s.", reward=reward.name, date=_day(reward.ends_on))
    return ""


def _branch(reward: Reward, standing: Standing) -> str:
    if not reward.branches or standing.branch_id is None or standing.branch_id in reward.branches:
        return ""
    return _("%(reward)s is offered at %(branches)s only.", reward=reward.name, branches=names_of(reward.branches))


def _tier(reward: Reward, standing: Standing) -> str:
    own = Tier(standing.customer.tier)
    if reward.minimum_tier is None or TIERS.index(own) >= TIERS.index(reward.minimum_tier):
        return ""
    if standing.to_them:
        return _("For customers from %(tier)s up.", tier=reward.minimum_tier.label)
    return _(
        "%(reward)s is for customers from %(tier)s up, and %(name)s is %(own)s.",
        reward=reward.name,
        tier=reward.minimum_tier.label,
        name=standing.customer.name,
        own=own.label,
    )


def _limit(reward: Reward, standing: Standing) -> str:
    most = reward.per_customer
    if most is None or standing.had.get((reward.id, reward.per_period), 0) < most:
        return ""
    if standing.to_them:
        is_over = reward.per_period is Period.EVER
        return _("You had it as often as you can.") if is_over else _("You had it as often as you can for now.")
    sentences: dict[Period, Callable[[], str]] = {
        Period.DAY: lambda: ngettext(
            "%(name)s can have %(reward)s %(num)s time a day, and had it today.",
            "%(name)s can have %(reward)s %(num)s times a day, and had it so often today.",
            most,
            name=standing.customer.name,
            reward=reward.name,
        ),
        Period.WEEK: lambda: ngettext(
            "%(name)s can have %(reward)s %(num)s time a week, and had it this week.",
            "%(name)s can have %(reward)s %(num)s times a week, and had it so often this week.",
            most,
            name=standing.customer.name,
            reward=reward.name,
        ),
        Period.MONTH: lambda: ngettext(
            "%(name)s can have %(reward)s %(num)s time a month, and had it this month.",
            "%(name)s can have %(reward)s %(num)s times a month, and had it so often this month.",
            most,
            name=standing.customer.name,
            reward=reward.name,
        ),
        Period.EVER: lambda: ngettext(
            "%(name)s can have %(reward)s %(num)s time, and had it.",
            "%(name)s can have %(reward)s %(num)s times, and had it so often.",
            most,
            name=standing.customer.name,
            reward=reward.name,
        ),
    }
    return sentences[reward.per_period]()


def _stock(reward: Reward, standing: Standing) -> str:
    return none_left(reward) if reward.left == 0 else ""


def _points(reward: Reward, standing: Standing, asked: int | None) -> str:
    needed, there = asked or reward.cost, standing.spendable
    if there >= needed:
        return ""
    return (
        points.too_few_of_yours(there, needed) if standing.to_them else points.too_few(standing.customer, there, needed)
    )


CHECKS: Sequence[Callable[[Reward, Standing], str]] = (_activity, _dates, _branch, _tier, _limit, _stock)
"""The first that says something is what people are told."""


def none_left(reward: Reward) -> str:
    return _("No more of %(reward)s is left.", reward=reward.name)


def names_of(branch_ids: Sequence[int]) -> str:
    """Return the names of branches as a list in words; deleted ones are one."""
    known = dict(branch_names())
    names = [known[id_] for id_ in branch_ids if id_ in known] or [_("a deleted branch")]
    return format_list(names, locale=language.date_locale(current_organization().locale))


def _day(date: dt.date) -> str:
    return clock.say_day(date, language.date_locale(current_organization().locale))


def _since(period: Period, today: dt.date, zone: dt.tzinfo) -> sa.ColumnElement[int]:
    first = first_day(period, today)
    if first is None:
        return sa.func.count()
    began = clock.at_or_after(dt.datetime.combine(first, dt.time()), zone)  # type: ignore[arg-type]  # every zone here is a ZoneInfo
    return sa.func.sum(sa.case((Voucher.issued_at >= began, 1), else_=0))
