"""Reactions of messages to events of lower rooms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.accounts.rules import SECRETS
from crm.accounts.services import organization_changed, settings_given
from crm.customers.models import Customer
from crm.customers.signals import customer_deleting, customer_restored, customers_restoring
from crm.inbox.inbound import forget_texts
from crm.kernel.db import after_commit
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages import sender_ids
from crm.messages.bookkeeping import KIND
from crm.messages.channels.registry import all_channels
from crm.messages.models import Message
from crm.senders import services
from crm.series.models import Series
from crm.series.services import KIND as SERIES
from crm.series.services import hasten_series_of, look_at_series_of

HOLDS = frozenset({"quiet_from", "quiet_until", "time_zone"})
"""Settings that may hold messages, besides secrets and senders."""


@organization_changed.connect
def let_go_held(organization: Organization, changes: dict[str, Any]) -> None:
    """Check held messages after a change of settings."""
    senders = {name for channel in all_channels() for name in (channel.sender_setting, channel.reply_setting)}
    if not (HOLDS | SECRETS.keys() | senders).isdisjoint(changes):
        after_commit(services.let_go_held)


@settings_given.connect
def try_senders(organization: Organization, names: Collection[str]) -> None:
    """Try refused senders when an owner saves a gateway, even the same one."""
    if any(channel.gateway_setting in names for channel in all_channels()):
        after_commit(services.let_go_held)


@customer_restored.connect
def go_on_with_series(customer: Customer, **kwargs: Any) -> None:
    """Continue the series of a restored customer."""
    after_commit(partial(look_at_series_of, customer.id))


@customers_restoring.connect
def go_on_with_many_series(customer_ids: Sequence[int], **kwargs: Any) -> None:
    """Continue the series of many; one of a customer who stays archived waits again."""
    hasten_series_of(customer_ids)


@customer_deleting.connect
def delete_messages(customer: Customer, **kwargs: Any) -> None:
    """Delete the customer's messages, texts and due work, in the order of locks."""
    series_ids = db.session.scalars(sa.select(Series.id).where(Series.customer_id == customer.id)).all()
    due.lock(SERIES, series_ids)
    due.settle(SERIES, series_ids)
    ids = db.session.scalars(sa.select(Message.id).where(Message.customer_id == customer.id)).all()
    due.lock(KIND, ids)
    db.session.execute(sa.delete(Message).where(Message.customer_id == customer.id))
    due.settle(KIND, ids)
    sender_ids.forget(forget_texts(customer))
