"""Notices to customers: 30 and 7 days before points end, and once before a tier falls.

They are messages like others: what customers allow, opt-outs and quiet hours decide whether and when they go. Each day
is gone through once, and a place in it is kept with the messages of a batch, so that nobody gets one twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.loyalty import queries, tiers
from crm.loyalty.models import LoyaltySettings, PointsEntry
from crm.loyalty.tiers import Window
from crm.messages.channels.registry import all_channels
from crm.messages.checks import RefusedError
from crm.messages.services import schedule_message
from crm.values import clock, money
from crm.values.language import chosen, ngettext, speaking
from crm.values.language import gettext as _

BEFORE = (30, 7)
"""Days before points end."""

MISSED = dt.timedelta(days=3)
"""So many days are made up for after a pause."""

BATCH = 100
AT = dt.time(10)
ALL_BRANCHES = {"all_branches": True}


class Place(NamedTuple):
    """How far the notices are: all of the days before `day`, and of that `step` the customers up to `after`."""

    day: dt.date
    step: int
    after: int

    def to_json(self) -> dict[str, Any]:
        return {"day": self.day.isoformat(), "step": self.step, "after": self.after}


def give_some() -> int | None:
    """Write the next notices; return how many, None at the end of the day."""
    with transaction() as session:
        settings = session.scalars(locked(sa.select(LoyaltySettings))).one_or_none()
        today = queries.today_here()
        if settings is None or not settings.notices:
            return None
        place = _place(settings, today)
        if place.day > today:
            return None
        step = _STEPS[place.step]
        found = step(settings, place)
        written = sum(_send(customer, *told) for customer, told in found.notices)
        if found.last is not None:
            settings.notices_given = place._replace(after=found.last).to_json()
        elif place.step + 1 < len(_STEPS):
            settings.notices_given = Place(place.day, place.step + 1, 0).to_json()
        else:
            settings.notices_given = Place(place.day + dt.timedelta(days=1), 0, 0).to_json()
        return written


def _place(settings: LoyaltySettings, today: dt.date) -> Place:
    kept = settings.notices_given
    if not kept:
        return Place(today, 0, 0)
    place = Place(dt.date.fromisoformat(kept["day"]), kept["step"], kept["after"])
    return place if place.day >= today - MISSED else Place(today, 0, 0)


class _Told(NamedTuple):
    subject: str
    body: str


class _Found(NamedTuple):
    """Customers and what they are told; the last id that was looked at, None at the end."""

    notices: Sequence[tuple[Customer, _Told]]
    last: int | None


def _ending(days: int) -> Callable[[LoyaltySettings, Place], _Found]:
    def step(settings: LoyaltySettings, place: Place) -> _Found:
        ends_on = place.day + dt.timedelta(days=days)
        rows = db.session.execute(
            sa.select(PointsEntry.customer_id, sa.func.sum(PointsEntry.remaining))
            .where(PointsEntry.remaining > sa.literal_column("0"), PointsEntry.expires_on == ends_on)
            .where(PointsEntry.customer_id > place.after)
            .group_by(PointsEntry.customer_id)
            .order_by(PointsEntry.customer_id)
            .limit(BATCH),
            execution_options=ALL_BRANCHES,
        ).all()
        points = {row[0]: int(row[1]) for row in rows}
        told = [(customer, _end_of_points(customer, points[customer.id], ends_on)) for customer in _customers(points)]
        return _Found(told, rows[-1][0] if rows else None)

    return step


def _falling(settings: LoyaltySettings, place: Place) -> _Found:
    """Tell those whose time of grace begins."""
    if settings.tier_window is Window.LIFETIME:
        return _Found([], None)
    falls_on = place.day + dt.timedelta(days=settings.tier_grace_days)
    due = sa.select(Customer.id).where(Customer.tier_review_on == falls_on, Customer.id > place.after)
    ids = db.session.scalars(due.order_by(Customer.id).limit(BATCH), execution_options=ALL_BRANCHES).all()
    counted, told = queries.counted_of_many(ids), []
    for customer in _customers(ids):
        standing = tiers.standing(counted.get(customer.id, {}), settings.policies, place.day)
        if standing.stay > 0 and standing.changes_on == falls_on:
            told.append((customer, _end_of_tier(customer, standing, falls_on)))
    return _Found(told, ids[-1] if ids else None)


_STEPS: tuple[Callable[[LoyaltySettings, Place], _Found], ...] = (*(_ending(days) for days in BEFORE), _falling)


def _customers(ids: Any) -> Iterator[Customer]:
    here = sa.select(Customer).where(one_of(Customer.id, list(ids)), Customer.archived_at.is_(None))
    yield from db.session.scalars(here.order_by(Customer.id), execution_options=ALL_BRANCHES).all()


def _send(customer: Customer, subject: str, body: str) -> bool:
    """Schedule a notice by the first channel that sends by itself and that the customer takes; False for none."""
    organization, now = current_organization(), database_now()
    zone = clock.zone(organization.time_zone)
    at = clock.at_or_after(dt.datetime.combine(clock.to_local(now, zone).date(), AT), zone)
    for channel in all_channels():
        if channel.gateway_setting and channel.gateway_name(organization) == "manual":
            continue
        try:
            with db.session.begin_nested():
                schedule_message(customer.id, channel, body, max(at, now), subject=subject)
        except RefusedError:
            continue
        return True
    return False


def _end_of_points(customer: Customer, points: int, ends_on: dt.date) -> _Told:
    organization = current_organization()
    with speaking(chosen(customer.language, organization.language)):
        body = ngettext(
            "Hello %(name)s, %(num)s of your points at %(shop)s can be spent until %(day)s.",
            "Hello %(name)s, %(num)s of your points at %(shop)s can be spent until %(day)s.",
            points,
            name=customer.name,
            num=money.format_number(points, organization.locale),
            shop=organization.name,
            day=clock.say_day(ends_on, organization.locale),
        )
        return _Told(_("Your points at %(shop)s", shop=organization.name), body)


def _end_of_tier(customer: Customer, standing: tiers.Standing, falls_on: dt.date) -> _Told:
    organization = current_organization()
    with speaking(chosen(customer.language, organization.language)):
        body = _(
            "Hello %(name)s, you are %(tier)s at %(shop)s until %(day)s. %(points)s more points by then keep it.",
            name=customer.name,
            tier=standing.tier.label,
            shop=organization.name,
            points=money.format_number(standing.stay, organization.locale),
            day=clock.say_day(falls_on - dt.timedelta(days=1), organization.locale),
        )
        return _Told(_("Your tier at %(shop)s", shop=organization.name), body)
