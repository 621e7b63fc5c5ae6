"""Reads of browsers that get notices."""

from __future__ import annotations

import sqlalchemy as sa

from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.web_push.models import PushNotice, PushSubscription
from crm.web_push.settings import push_keys


def public_key() -> str:
    """Return the key that browsers subscribe to, or "" where there is no web push."""
    keys = push_keys()
    return keys.public if keys else ""


def count_subscriptions(customer_id: int) -> int:
    """Return on how many browsers the customer gets notices, with the keys that we have now."""
    keys = push_keys()
    if keys is None:
        return 0
    own = sa.select(sa.func.count()).where(
        PushSubscription.customer_id == customer_id, PushSubscription.keys == keys.name
    )
    return db.session.scalars(own).one()


def subscriptions_of(customer_id: int) -> sa.Select[PushSubscription]:
    own = sa.select(PushSubscription).where(PushSubscription.customer_id == customer_id)
    return own.order_by(PushSubscription.id)


def told(subscription_ids: list[int], once: str) -> set[int]:
    """Return the browsers among these that had the notice of this key."""
    found = sa.select(PushNotice.subscription_id).where(
        one_of(PushNotice.subscription_id, subscription_ids), PushNotice.once == once
    )
    return set(db.session.scalars(found, execution_options={"all_branches": True}))
