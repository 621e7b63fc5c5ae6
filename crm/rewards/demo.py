"""Rewards and vouchers of the demo shops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization, tenant_tables
from crm.rewards import catalogue, services
from crm.rewards.models import Reward
from crm.rewards.rules import Period, RewardKind
from crm.values import money

AMOUNTS = ("value", "maximum", "minimum_spend")
REWARDS: dict[str, tuple[dict[str, Any], ...]] = {
    "demo": (
        {"name": "Free coffee", "kind": RewardKind.FREE_ITEM, "details": "Any cup, hot or iced", "cost": 20,
         "per_customer": 1, "per_period": Period.DAY, "voucher_days": 30},
        {"name": "A slice of cake", "kind": RewardKind.FREE_ITEM, "cost": 35, "voucher_days": 30},
        {"name": "Discount on a cake", "kind": RewardKind.AMOUNT_OFF, "value": 5_000_000, "cost": 100,
         "minimum_spend": 20_000_000, "voucher_days": 90},
        {"name": "Birthday cake", "kind": RewardKind.FREE_ITEM, "details": "24 cm, order two days ahead", "cost": 400,
         "stock": 12, "voucher_days": 60},
    ),
    "demo-travel": (
        {"name": "5% off the next trip", "kind": RewardKind.PERCENT_OFF, "value": 5, "maximum": 1_000_000,
         "cost": 50, "voucher_days": 365},
        {"name": "Lounge pass", "kind": RewardKind.FREE_ITEM, "details": "Karachi, departures", "cost": 80, "stock": 20,
         "voucher_days": 180},
    ),
}  # fmt: skip


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    """Offer rewards, and let the customers with the most points have the first ones: one used, one not."""
    unit = money.unit(current_organization().currency)
    rewards = [catalogue.add(_values(values, unit)) for values in REWARDS[shop]]
    people = [db.session.get_one(Customer, id_) for id_ in customer_ids]
    rich = [each for each in people if each.loyalty_points >= rewards[0].cost]
    rich.sort(key=lambda each: -each.loyalty_points)
    for at, customer in enumerate(rich[:3]):
        services.redeem(customer.id, rewards[0].id, branch_id=customer.branch_id, at_once=at == 1)


def clear(shop: str) -> None:
    """Remove the rewards of a demo shop that nothing which stays names: no voucher, badge or automation."""
    names = [values["name"] for values in REWARDS.get(shop, ())]
    unused = sa.select(Reward.id).where(Reward.name.in_(names))
    for table in tenant_tables():
        if "reward_id" in table.c:
            here = sa.and_(table.c.reward_id == Reward.id, table.c.organization_id == Reward.organization_id)
            unused = unused.where(~sa.exists().where(here, table.c.organization_id == require_organization()))
    with transaction() as session:
        ids = session.scalars(unused).all()
        session.execute(sa.delete(Event).where(Event.subject == Reward.__tablename__, Event.subject_id.in_(ids)))
        session.execute(sa.delete(Reward).where(Reward.id.in_(ids)))


def _values(values: dict[str, Any], unit: int) -> dict[str, Any]:
    is_percent = values["kind"] is RewardKind.PERCENT_OFF
    amounts = {name for name in AMOUNTS if name in values and not (is_percent and name == "value")}
    return {name: value * unit // 100 if name in amounts else value for name, value in values.items()}
