"""What is given with a badge, and goes back with it; within the transaction of the badge."""

from __future__ import annotations

import uuid

from crm.badges.models import Badge, BadgeGrant
from crm.badges.rules import Reward
from crm.customers.models import Customer
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.loyalty import services as loyalty
from crm.loyalty.rules import Kind
from crm.rewards import queries
from crm.rewards import services as rewards
from crm.rewards.models import Reward as RewardRow
from crm.rewards.rules import VoucherState

SOURCE = "Badge"
MOST = 100
"""Rewards to choose from."""


def offered() -> dict[int, str]:
    """Return the rewards whose vouchers a badge may give, by id."""
    return {reward.id: reward.name for reward in db.session.scalars(queries.rewards(everything=False).limit(MOST))}


def is_there(reward_id: int) -> bool:
    return db.session.get(RewardRow, reward_id) is not None


def give(customer: Customer, badge: Badge, grant: BadgeGrant) -> None:
    """Give what the badge gives; nothing where the reward is archived, or none of it is left."""
    key = f"badge-{uuid.uuid4().hex}"
    if badge.reward is Reward.POINTS and badge.points:
        loyalty.grant(customer.id, badge.points, Kind.BONUS, key, SOURCE, badge.name)
    elif badge.reward is Reward.VOUCHER and badge.reward_id:
        try:
            grant.voucher_id = rewards.give(customer.id, badge.reward_id, key, SOURCE).id
        except SentenceError:
            return
    else:
        return
    grant.given, grant.given_key = badge.reward, key


def take(grant: BadgeGrant) -> bool:
    """Take back what was given; a voucher that was used stays used. Points that are spent are owed."""
    if grant.given is Reward.POINTS:
        loyalty.claw_back(grant.given_key, SOURCE)
    elif grant.given is Reward.VOUCHER and grant.voucher_id:
        try:
            is_canceled = rewards.cancel(grant.voucher_id, SOURCE).state is VoucherState.CANCELED
        except SentenceError:
            return False
        if not is_canceled:
            return False
    else:
        return False
    grant.given = Reward.NONE
    return True
