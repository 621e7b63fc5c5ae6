"""At which hour each customer is written to who is written to "at their hour"."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.messages.inbound_models import InboundMessage
from crm.values import clock
from crm.visits.models import Visit

HOURS = range(9, 20)
"""Local hours that may be chosen: from 09:00 to 20:00."""
OF_THE_SHOP = 3
"""How many visits of the customer what the shop knows of all customers is worth."""
MOST = 2_000
"""The latest visits and texts of a shop that are looked at; of a customer those of a year."""
YEAR = dt.timedelta(days=365)


def best_hour(own: Mapping[int, int], shop: Mapping[int, int]) -> int | None:
    """Return the hour with the most visits and texts, the earlier of two; None where nothing is known."""
    among = sum(shop.get(hour, 0) for hour in HOURS)
    weights = {hour: own.get(hour, 0) + (OF_THE_SHOP * shop.get(hour, 0) / among if among else 0) for hour in HOURS}
    best = max(HOURS, key=lambda hour: weights[hour])
    return best if weights[best] else None


def next_at(hour: int, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return when the clocks show this hour next."""
    today = clock.to_local(now, zone).replace(tzinfo=None, hour=hour, minute=0, second=0, microsecond=0)
    at = clock.at_or_after(today, zone)
    return at if at >= now else clock.at_or_after(today + dt.timedelta(days=1), zone)


def hours_of(customers: Collection[Customer], now: dt.datetime, zone: ZoneInfo) -> dict[int, int | None]:
    """Return the best hour of each customer, by id."""
    ids_by_number = defaultdict[str, list[int]](list)
    for customer in customers:
        ids_by_number[customer.phone].append(customer.id)
    visits = sa.select(Visit.customer_id, Visit.at).where(Visit.at > now - YEAR)
    texts = sa.select(InboundMessage.sender, InboundMessage.sent_at).where(InboundMessage.sent_at > now - YEAR)
    own: dict[int, Counter[int]] = {customer.id: Counter() for customer in customers}
    for customer_id, at in db.session.execute(visits.where(one_of(Visit.customer_id, list(own)))):
        own[customer_id][_hour(at, zone)] += 1
    for sender, at in db.session.execute(texts.where(one_of(InboundMessage.sender, list(ids_by_number)))):
        for customer_id in ids_by_number[sender]:
            own[customer_id][_hour(at, zone)] += 1
    latest = (
        *db.session.scalars(sa.select(Visit.at).order_by(Visit.id.desc()).limit(MOST)),
        *db.session.scalars(sa.select(InboundMessage.sent_at).order_by(InboundMessage.sent_at.desc()).limit(MOST)),
    )
    shop = Counter(_hour(at, zone) for at in latest)
    return {customer_id: best_hour(hours, shop) for customer_id, hours in own.items()}


def _hour(at: dt.datetime, zone: ZoneInfo) -> int:
    return clock.to_local(at, zone).hour
