"""Badges of the demo shops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.badges import gifts, services
from crm.badges.models import Badge, BadgeGrant
from crm.badges.rules import Metric, Period, Picture, Reward
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.values import money

BADGES: dict[str, tuple[dict[str, Any], ...]] = {
    "demo": (
        {"name": "Regular", "picture": Picture.SHOP, "metric": Metric.VISITS, "target": 3, "times": None,
         "reward": Reward.POINTS, "points": 25},
        {"name": "Four weeks in a row", "picture": Picture.CALENDAR, "metric": Metric.WEEKS_IN_A_ROW, "target": 4,
         "reward": Reward.VOUCHER},
        {"name": "Big table", "picture": Picture.PEOPLE, "metric": Metric.SPEND, "target": 500_000_000,
         "period": Period.YEAR, "times": None},
        {"name": "Brought three friends", "picture": Picture.STAR, "metric": Metric.REFERRALS, "target": 3,
         "reward": Reward.POINTS, "points": 100},
    ),
    "demo-travel": (
        {"name": "Frequent traveller", "picture": Picture.SUN, "metric": Metric.VISITS, "target": 3,
         "reward": Reward.POINTS, "points": 50},
    ),
}  # fmt: skip


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    """Make badges, and grant them to those who came and bought enough; a voucher is for the first reward there is."""
    unit, rewards = money.unit(current_organization().currency), list(gifts.offered())
    for values in BADGES[shop]:
        given = {"reward_id": rewards[0]} if values.get("reward") is Reward.VOUCHER else {}
        target = values["target"] * unit // 100 if values["metric"] is Metric.SPEND else values["target"]
        services.add({**values, **given, "target": target})
    for customer_id in customer_ids:
        services.look_at_customer(customer_id)


def clear(shop: str) -> None:
    """Remove the badges of a demo shop that no customer who stays has, or had."""
    names = [values["name"] for values in BADGES.get(shop, ())]
    unused = sa.select(Badge.id).where(Badge.name.in_(names), ~sa.exists().where(BadgeGrant.badge_id == Badge.id))
    with transaction() as session:
        ids = session.scalars(unused).all()
        session.execute(sa.delete(Event).where(Event.subject == Badge.__tablename__, Event.subject_id.in_(ids)))
        session.execute(sa.delete(Badge).where(Badge.id.in_(ids)))
