"""What is done with rewards: each function is one intent of a user and one transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.rewards.models import Reward
from crm.rewards.rules import RewardKind
from crm.values import clock


def add(values: dict[str, Any], request_key: RequestKey | None = None) -> Reward:
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Reward)
        reward = Reward(**{"branches": [], "taken": 0, "details": "", **values})
        _settle(reward)
        session.add(reward)
        record("reward.added", reward, changes=changes_of(reward))
        once.made(reward.id)
        return reward


def edit(reward_id: int, values: dict[str, Any]) -> Reward:
    """Change what is redeemed from now on; vouchers that were issued stay as they are."""
    with transaction():
        reward = _locked(reward_id)
        for field, value in values.items():
            setattr(reward, field, value)
        _settle(reward)
        changes = changes_of(reward)
        if changes:
            reward.updated_at = db_now()
            record("reward.edited", reward, changes=changes)
        return reward


def archive(reward_id: int) -> Reward:
    """Offer a reward no longer; its vouchers stay good."""
    return _turn(reward_id, archived=True)


def restore(reward_id: int) -> Reward:
    return _turn(reward_id, archived=False)


def _turn(reward_id: int, *, archived: bool) -> Reward:
    with transaction():
        reward = _locked(reward_id)
        if reward.is_archived is not archived:
            reward.archived_at = clock.utcnow() if archived else None
            reward.updated_at = db_now()
            record("reward.archived" if archived else "reward.restored", reward)
        return reward


def _settle(reward: Reward) -> None:
    """Clear what the kind has no use for. An amount for a single point is always by the points."""
    is_amount, is_percent = reward.kind is RewardKind.AMOUNT_OFF, reward.kind is RewardKind.PERCENT_OFF
    reward.by_points = is_amount and (bool(reward.by_points) or reward.cost == 1)
    if not is_percent:
        reward.maximum = None
    if not (is_amount or is_percent):
        reward.value = None


def _locked(reward_id: int) -> Reward:
    return db.session.scalars(locked(sa.select(Reward).where(Reward.id == reward_id))).one()
