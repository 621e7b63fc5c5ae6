"""A segment and a finished campaign of a demo shop."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from crm.campaigns import services
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.turns import take_turn
from crm.customers.models import Customer
from crm.customers.rules import Consent
from crm.customers.services import edit_customer
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.kernel.work import due
from crm.messages.bookkeeping import KIND as MESSAGES
from crm.messages.bookkeeping import refresh_next
from crm.messages.channels.registry import channel_named
from crm.messages.models import Attempt, Message
from crm.messages.rules import Answer, Status
from crm.segments.models import Segment
from crm.segments.services import find_or_add

SEGMENT, QUERY = "Active customers", {"status": "active"}
NAME = "Cake week"
BODY = "Hi {name}, this week every second cake is half the price. Come and taste! {organization}"
AGREES = 4
"""Of so many customers all but one agreed to marketing by SMS."""


def fill(shop: str, customer_ids: Sequence[int]) -> None:
    """Let most customers agree to marketing, and a campaign have been sent to active ones."""
    if shop != "demo":
        return
    for number, id_ in enumerate(customer_ids):
        if number % AGREES:
            edit_customer(id_, {"marketing_sms": Consent.GIVEN, "marketing_email": Consent.GIVEN})
    segment = find_or_add(SEGMENT, QUERY)
    sms = channel_named("sms")
    campaign = services.add({"name": NAME, "segment_id": segment.id, "channel": sms, "body": BODY, "hold_out": 20})
    services.schedule(campaign.id)
    for _start_and_messages in range(2):
        take_turn(campaign.id)
    _deliver(campaign.id)
    take_turn(campaign.id)


def clear(shop: str) -> None:
    """Remove the campaign and the segment of a demo shop."""
    with transaction() as session:
        campaigns = session.scalars(sa.select(Campaign.id).where(Campaign.name == NAME)).all()
        used = sa.select(Campaign.segment_id).where(Campaign.segment_id.is_not(None), ~one_of(Campaign.id, campaigns))
        named = sa.select(Segment.id).where(Segment.name == SEGMENT, Segment.id.not_in(used))
        segments = session.scalars(named).all()
        for model, ids in ((Campaign, campaigns), (Segment, segments)):
            is_about = (Event.subject == model.__tablename__, one_of(Event.subject_id, ids))
            session.execute(sa.delete(Event).where(*is_about))
            session.execute(sa.delete(model).where(one_of(model.id, ids)))


def _deliver(campaign_id: int) -> None:
    """Let the messages have been sent, without a provider."""
    now = database_now()
    found = sa.select(Message).join(CampaignRecipient, CampaignRecipient.message_id == Message.id)
    messages = db.session.scalars(found.where(CampaignRecipient.campaign_id == campaign_id)).all()
    for message in messages:
        message.turn(Status.CLAIMED, now)
        message.turn(Status.SUBMITTING, now)
        message.turn(Status.SENT, now)
        message.handed_over_at, message.attempts_made = now, 1
    attempt = {"claim_token": "0" * 32, "gateway": "console", "finished_at": now, "outcome": Answer.ACCEPTED}
    phones = {row.id: row.phone for row in db.session.execute(sa.select(Customer.id, Customer.phone))}
    insert_many(
        Attempt,
        [
            {
                **attempt,
                "message_id": message.id,
                "channel": message.channel,
                "recipient": phones[message.customer_id],
                "body": message.body,
                "provider_id": f"demo-{message.id}",
            }
            for message in messages
        ],
    )
    due.settle(MESSAGES, [message.id for message in messages])
    db.session.flush()
    refresh_next(message.customer_id for message in messages)
