"""The shapes of what customers write."""

from __future__ import annotations

from marshmallow import fields

from crm.api.fields import QueryYesNo, Timestamp
from crm.api.schemas import Output, PageQuery
from crm.messages.channels.registry import NAMES
from crm.messages.inbound_models import Effect, StopAnswer


class InboundQuery(PageQuery):
    unread = QueryYesNo(metadata={"description": "Those that nobody is done with, or the others."})


class Inbound(Output):
    """A text that came in. `body` is what the customer wrote, `what` says what else came, in our words.

    `customers` are those who have the number. `effect` is "ask" where it may mean STOP, and `answer` what was chosen.
    """

    id = fields.Integer(attribute="text.id")
    organization = fields.Integer(attribute="text.organization_id")
    channel = fields.String(attribute="text.channel", metadata={"enum": NAMES})
    sender = fields.String(attribute="text.sender", metadata={"description": "E.164; empty where it is not told."})
    sender_id = fields.String(attribute="text.sender_id")
    recipient = fields.String(attribute="text.recipient")
    customers = fields.List(fields.Integer(), attribute="customer_ids")
    body = fields.String(attribute="text.body")
    what = fields.String(attribute="text.what")
    effect = fields.String(attribute="text.effect", metadata={"enum": [effect.value for effect in Effect]})
    answer = fields.String(attribute="text.answer", metadata={"enum": [answer.value for answer in StopAnswer]})
    sent_at = Timestamp(attribute="text.sent_at")
    created_at = Timestamp(attribute="text.received_at")
    done_at = Timestamp(attribute="text.done_at", allow_none=True)
