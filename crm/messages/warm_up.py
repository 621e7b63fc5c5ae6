"""Marketing by e-mail from a domain that is new: few letters at first, and twice as many each day.

Receivers sort out what suddenly comes in thousands from a sender that they don't know.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.customers.rules import MessagePurpose
from crm.kernel.extensions import db
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.registry import all_channels
from crm.messages.frequency import COUNTED
from crm.messages.models import Message
from crm.values import clock

FIRST_DAY = 200
DAYS = 10
"""After them there is no limit: the next would be beyond what a shop sends."""


@dataclasses.dataclass
class WarmUp:
    """How many letters may go out today, how many of them are left, and the next day in the organization's zone."""

    limit: int
    left: int
    tomorrow: dt.date


def limit_of(began: dt.date, today: dt.date) -> int | None:
    """Return how many letters may go out on a day, None for any number."""
    days = max((today - began).days, 0)
    return FIRST_DAY * 2**days if days < DAYS else None


def warm_up_of(organization: Organization, now: dt.datetime) -> WarmUp | None:
    """Return what may go out, in a transaction that hands letters over: others of the organization wait for it."""
    if organization.warm_up_since is None:
        return None
    zone = clock.zone(organization.time_zone)
    today = clock.to_local(now, zone).date()
    limit = limit_of(organization.warm_up_since, today)
    if limit is None:
        return None
    row = sa.select(Organization.id).where(Organization.id == organization.id)
    db.session.execute(row.with_for_update(key_share=True))
    sent = _sent_since(clock.end_of_day(today - dt.timedelta(days=1), zone))
    return WarmUp(limit, max(limit - sent, 0), today + dt.timedelta(days=1))


def _sent_since(moment: dt.datetime) -> int:
    lasts = dt.timedelta(seconds=current_app.config["MESSAGE_EXPIRES_AFTER"])
    statement = sa.select(sa.func.count()).where(
        Message.purpose == MessagePurpose.MARKETING,
        Message.channel.in_([channel for channel in all_channels() if channel.addresses is EMAILS]),
        Message.status.in_(COUNTED),
        # What is older has expired, so that an index leads to the rest.
        Message.send_at > moment - lasts,
        sa.func.coalesce(Message.handed_over_at, Message.status_at) > moment,
    )
    return db.session.scalar(statement.select_from(Message)) or 0
