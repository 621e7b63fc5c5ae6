"""How much marketing customers had lately, over all channels."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.messages.rules import HANDED_OVER, Status

DAY, MONTH = dt.timedelta(hours=24), dt.timedelta(days=30)

LATE = dt.timedelta(days=30)
"""How much later than planned a message may go out and still be counted by `had_enough`."""

COUNTED = HANDED_OVER | {Status.SUBMITTING, Status.UNKNOWN, Status.UNCONFIRMED, Status.DONE}
"""Handed over, on its way, sent by hand, or nobody can tell."""


def offers_had(customer_ids: Collection[int], now: dt.datetime) -> dict[int, list[dt.datetime]]:
    """Return by customer when the marketing of the last 30 days went out; the customers are locked."""
    at = sa.func.coalesce(Message.handed_over_at, Message.status_at)
    statement = sa.select(Message.customer_id, Message.handed_over_at, Message.status_at).where(
        one_of(Message.customer_id, customer_ids),
        Message.purpose == MessagePurpose.MARKETING,
        Message.status.in_(COUNTED),
        at > now - MONTH,
    )
    # SQLite would go through all messages in these states.
    statement = statement.with_hint(Message, "INDEXED BY ix_messages_customer", "sqlite")
    found = defaultdict(list)
    for customer_id, handed_over_at, status_at in db.session.execute(statement):
        found[customer_id].append(handed_over_at or status_at)
    return dict(found)


def had_enough(organization: Organization, now: dt.datetime) -> sa.ColumnElement[bool]:
    """Return the condition of customers to whom no marketing may go now, for a preview: nobody is locked."""
    at = sa.func.coalesce(Message.handed_over_at, Message.status_at)
    of_day = sa.func.sum(sa.case((at > now - DAY, 1), else_=0))
    enough = sa.select(Message.customer_id).where(
        Message.send_at > now - MONTH - LATE,
        Message.purpose == MessagePurpose.MARKETING,
        Message.status.in_(COUNTED),
        at > now - MONTH,
    )
    is_enough = sa.or_(sa.func.count() >= organization.cap_month, of_day >= organization.cap_day)
    return Customer.id.in_(enough.group_by(Message.customer_id).having(is_enough))
