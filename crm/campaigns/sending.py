"""From the rows of a campaign to its messages: a block of ordinary messages at a time, each made once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.campaigns import hours
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import Part, Skip
from crm.campaigns.texts import room_of
from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import update_many
from crm.message_templates.queries import filled_for
from crm.message_templates.rules import Wording
from crm.messages import bulk
from crm.messages.bookkeeping import hold_customers
from crm.messages.channels.base import MAX_SUBJECT
from crm.messages.models import Message
from crm.values import clock
from crm.values.text import clean_line

BLOCK = 500


def make_block(campaign: Campaign, now: dt.datetime) -> int:
    """Make the next messages of a locked campaign in the open transaction; return how many rows were looked at."""
    rows = db.session.execute(_waiting(campaign).limit(BLOCK)).all()
    customers = _locked_customers([row.customer_id for row in rows])
    wording, organization = campaign.frozen_wording, current_organization()
    moments = _moments(campaign, customers, now)
    messages, made, skipped = [], [], []
    for row in rows:
        customer = customers[row.customer_id]
        filled = filled_for(wording, customer, organization)
        if customer.is_archived:
            skipped.append({"id": row.id, "skip": Skip.ARCHIVED})
        elif len(filled.text) > room_of(campaign.channel, filled):
            skipped.append({"id": row.id, "skip": Skip.TOO_LONG})
        else:
            messages.append(_message(campaign, customer, filled, moments[customer.id]))
            made.append(row.id)
    bulk.schedule(messages)
    update_many(CampaignRecipient, skipped)
    update_many(
        CampaignRecipient,
        [{"id": id_, "message_id": message.id} for id_, message in zip(made, messages, strict=True)],
    )
    return len(rows)


def _waiting(campaign: Campaign) -> sa.Select[int, int]:
    is_waiting = (
        CampaignRecipient.campaign_id == campaign.id,
        CampaignRecipient.part == Part.TREATED,
        CampaignRecipient.message_id.is_(None),
        CampaignRecipient.skip.is_(None),
    )
    return (
        sa.select(CampaignRecipient.id, CampaignRecipient.customer_id).where(*is_waiting).order_by(CampaignRecipient.id)
    )


def _locked_customers(ids: Sequence[int]) -> dict[int, Customer]:
    hold_customers(ids)
    statement = sa.select(Customer).where(one_of(Customer.id, ids)).options(joinedload(Customer.branch))
    found = db.session.scalars(statement.execution_options(populate_existing=True))
    return {customer.id: customer for customer in found}


def _moments(campaign: Campaign, customers: Mapping[int, Customer], now: dt.datetime) -> dict[int, dt.datetime]:
    """Return when each customer is written to, by id."""
    if not campaign.at_their_hour:
        return dict.fromkeys(customers, now)
    zone = clock.zone(current_organization().time_zone)
    best = hours.hours_of(list(customers.values()), now, zone)
    return {id_: now if hour is None else hours.next_at(hour, now, zone) for id_, hour in best.items()}


def _message(campaign: Campaign, customer: Customer, filled: Wording, send_at: dt.datetime) -> Message:
    return Message(
        customer_id=customer.id,
        channel=campaign.channel,
        subject=clean_line(filled.subject)[:MAX_SUBJECT] if campaign.channel.has_subject else "",
        body=filled.text,
        template=filled.approved.to_json() if filled.approved else None,
        purpose=MessagePurpose.MARKETING,
        send_at=send_at,
        created_by_id=campaign.created_by_id,
    )
