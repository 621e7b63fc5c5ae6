"""What is given with a badge, and goes back with it; within the transaction of the badge."""

from __future__ import annotations

import uuid
from typing import NamedTuple

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


class Gift(NamedTuple):
    """What was given or taken; `points` are 0 for a voucher."""

    kind: Reward
    points: int = 0


def offered() -> dict[int, str]:
    """Return the rewards whose vouchers a badge may give, by id."""
    return {reward.id: reward.name for reward in db.session.scalars(queries.rewards(everything=False).limit(MOST))}


def is_offered(reward_id: int) -> bool:
    reward = db.session.get(RewardRow, reward_id)
    return reward is not None and not reward.is_archived


def give(customer: Customer, badge: Badge, grant: BadgeGrant) -> Gift | None:
    """Give what the badge gives; None where the reward is archived, or none of it is left."""
    key, points = f"badge-{uuid.uuid4().hex}", 0
    if badge.reward is Reward.POINTS and badge.points:
        points = loyalty.grant(customer.id, badge.points, Kind.BONUS, key, SOURCE, badge.name).asked
    elif badge.reward is Reward.VOUCHER and badge.reward_id:
        try:
            grant.voucher_id = rewards.give(customer.id, badge.reward_id, key, SOURCE).id
        except SentenceError:
            return None
    else:
        return None
    grant.given, grant.given_key = badge.reward, key
    return Gift(badge.reward, points)


def take(grant: BadgeGrant) -> Gift | None:
    """Take back what was given; a voucher that was used stays used. Points that are spent are owed."""
    given, points = grant.given, 0
    if given is Reward.POINTS:
        entry = loyalty.claw_back(grant.given_key, SOURCE)
        points = -entry.asked if entry is not None else 0
    elif given is Reward.VOUCHER and grant.voucher_id:
        try:
            is_canceled = rewards.cancel(grant.voucher_id, SOURCE).state is VoucherState.CANCELED
        except SentenceError:
            return None
        if not is_canceled:
            return None
    else:
        return None
    grant.given = Reward.NONE
    return Gift(given, points)
