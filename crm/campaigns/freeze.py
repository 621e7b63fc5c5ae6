"""The start of a campaign: whom it goes to becomes rows, in the transaction of its start, and stays so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import sqlalchemy as sa

from crm.analytics.holdouts import is_held_out
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import USUAL_FROM, USUAL_HOLD_OUT, Part, Skip
from crm.consents.reach import Reach, reach_of
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.kernel.fingerprints import fingerprint
from crm.kernel.tenancy import insert_many
from crm.messages.channels.base import Channel

BATCH = 2_000
"""Customers read and written at a time."""


def freeze(campaign: Campaign, conditions: list[sa.ColumnElement[bool]]) -> int:
    """Write a row for each customer who matches, in the open transaction; return how many.

    The hold-out is drawn among those who can be reached, and its share is decided here if nobody said it.
    """
    rows = list(_rows(campaign.channel, conditions))
    reachable = [row for row in rows if row["part"] is Part.TREATED]
    if campaign.hold_out is None:
        campaign.hold_out = usual_hold_out(len(reachable))
    for row in reachable:
        if is_held_out(campaign.draw_key, row["customer_id"], campaign.hold_out):
            # Whoever shares the address of one who is held out doesn't get the message either.
            row["part"] = Part.HELD_OUT
    for start in range(0, len(rows), BATCH):
        insert_many(CampaignRecipient, [{"campaign_id": campaign.id, **row} for row in rows[start : start + BATCH]])
    return len(rows)


def usual_hold_out(reachable: int) -> int:
    return USUAL_HOLD_OUT if reachable >= USUAL_FROM else 0


def address_key(channel: Channel, address: str) -> str:
    """Return a keyed hash that is the same for all spellings of an address."""
    return fingerprint("campaign", min(channel.addresses.spellings(address)))[:40]


def _rows(channel: Channel, conditions: list[sa.ColumnElement[bool]]) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    for customer in _customers(channel, conditions):
        skip, key = _skip(customer), None
        if skip is None:
            key = address_key(channel, channel.addresses.of(cast(Customer, customer)))
            if key in taken:
                skip, key = Skip.SAME_ADDRESS, None
            else:
                taken.add(key)
        part = Part.TREATED if skip is None else Part.SKIPPED
        yield {"customer_id": customer.id, "part": part, "skip": skip, "address_key": key, "is_compared": True}


def _customers(channel: Channel, conditions: list[sa.ColumnElement[bool]]) -> Iterator[Any]:
    columns = (Customer.id, Customer.phone, Customer.phone_valid, Customer.email, Customer.archived_at)
    statement = sa.select(*columns, reach_of(channel).label("reach")).where(*conditions).order_by(Customer.id)
    last = 0
    while found := db.session.execute(statement.where(Customer.id > last).limit(BATCH)).all():
        yield from found
        last = found[-1].id


def _skip(customer: Any) -> Skip | None:
    if customer.archived_at is not None:
        return Skip.ARCHIVED
    return None if customer.reach == Reach.REACHABLE else Skip(customer.reach)
