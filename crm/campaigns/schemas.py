"""API schemas of campaigns."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from crm.api.fields import WRITTEN, Money, MoneyOrNone, Number, RequiredLine, Text, TextLine, Timestamp, YesNo
from crm.api.schemas import ONE_OF, Input, Output, PageQuery, always
from crm.campaigns.rules import MAX_HELD_OUT, MAX_NAME, Skip, State, Sum
from crm.messages.channels.base import MAX_SUBJECT
from crm.messages.channels.registry import NAMES, all_channels

NAME = "Enter a name for the campaign."
CHOOSE = f"Choose {' or '.join(NAMES)}."
MAX_LENGTH = max(channel.max_length for channel in all_channels())
STATES, SUMS = [state.value for state in State], [each.value for each in Sum]


class CampaignChange(Input):
    name = RequiredLine(MAX_NAME, NAME)
    segment = Number(metadata={"description": "The id of the segment to write to."})
    channel = fields.String(validate=validate.OneOf(NAMES, error=CHOOSE), error_messages=always(CHOOSE))
    template = Number(allow_none=True, metadata={"description": "The id of a template, instead of a text."})
    subject = TextLine(MAX_SUBJECT, metadata={"description": "Of an e-mail."})
    body = Text(MAX_LENGTH, metadata={"description": "With fields like {name}, instead of a template."})
    send_at = Timestamp(allow_none=True, metadata={"description": "null for as soon as it is scheduled."})
    at_their_hour = YesNo(metadata={"description": "Within a day, when each customer usually writes or comes in."})
    hold_out = Number(
        0,
        MAX_HELD_OUT,
        allow_none=True,
        metadata={"description": "Percent of those who can be reached; null for 10 from 1,000 of them on, else 0."},
    )


class CampaignInput(CampaignChange):
    name = RequiredLine(MAX_NAME, NAME, required=True)
    segment = Number(required=True, metadata={"description": "The id of the segment to write to."})
    channel = fields.String(required=True, validate=validate.OneOf(NAMES, error=CHOOSE), error_messages=always(CHOOSE))


class Campaign(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    state = fields.String(metadata={"enum": STATES})
    reason = fields.String(metadata={"description": "Why it is paused, or a draft again."})
    segment = fields.Integer(attribute="segment_id", allow_none=True)
    channel = fields.String(metadata={"enum": NAMES})
    template = fields.Integer(attribute="template_id", allow_none=True)
    subject = fields.String()
    body = fields.String()
    send_at = Timestamp(allow_none=True)
    at_their_hour = fields.Boolean()
    hold_out = fields.Integer(allow_none=True)
    started_at = Timestamp(allow_none=True)
    ended_at = Timestamp(allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()


class SumsOf(Output):
    recipients = fields.Integer(metadata={"description": "All of them: the other sums add up to it."})
    held_out = fields.Integer()
    skipped = fields.Integer()
    waiting = fields.Integer()
    sending = fields.Integer()
    handed_over = fields.Integer()
    delivered = fields.Integer()
    read = fields.Integer()
    failed = fields.Integer()
    could_not_confirm = fields.Integer()
    stopped = fields.Integer()


class ArmOf(Output):
    customers = fields.Integer()
    buyers = fields.Integer()
    spent = Money(metadata={"pattern": WRITTEN, "description": "On average, by each of the customers."})


class ResultOf(Output):
    treated = fields.Nested(ArmOf)
    held_out = fields.Nested(ArmOf)
    until = fields.Date()
    difference = fields.Float(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)
    spent_difference = MoneyOrNone(allow_none=True, metadata={"pattern": WRITTEN})
    spent_low = MoneyOrNone(allow_none=True, metadata={"pattern": WRITTEN})
    spent_high = MoneyOrNone(allow_none=True, metadata={"pattern": WRITTEN})


class CampaignDetails(Campaign):
    sums = fields.Nested(SumsOf)
    skipped_by = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": f"By reason, of {', '.join(Skip)}; only those that there are."},
    )
    result = fields.Nested(
        ResultOf,
        allow_none=True,
        metadata={"description": "Customers with a purchase within 14 days; null where nobody is held out."},
    )


class CampaignQuery(PageQuery):
    state = fields.String(validate=validate.OneOf(STATES, error=ONE_OF))


class RecipientQuery(PageQuery):
    state = fields.String(validate=validate.OneOf(SUMS, error=ONE_OF))


class Recipient(Output):
    id = fields.Integer()
    customer = fields.Integer(attribute="customer_id")
    state = fields.String(attribute="sum", metadata={"enum": SUMS})
    skip = fields.String(allow_none=True, metadata={"enum": [*(skip.value for skip in Skip), None]})
    message = fields.Integer(attribute="message_id", allow_none=True)
    reason = fields.String()


def as_json(sums: Any) -> dict[str, int]:
    return {"recipients": sums.recipients, **{each.value: number for each, number in sums.by_sum.items()}}
