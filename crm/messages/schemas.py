"""The shapes of messages."""

from __future__ import annotations

from marshmallow import fields, validate

from crm.api.fields import RequiredText, TextLine, Timestamp
from crm.api.schemas import Input, Output, always
from crm.customers.rules import MessagePurpose
from crm.messages.channels.base import MAX_SUBJECT
from crm.messages.channels.registry import NAMES, all_channels
from crm.messages.rules import Status

MAX_LENGTH = max(channel.max_length for channel in all_channels())
PURPOSES = f"Choose {' or '.join(MessagePurpose)}."
CHOOSE = f"Choose {' or '.join(NAMES)}."


class MessageChange(Input):
    channel = fields.String(
        validate=validate.OneOf(NAMES, error=CHOOSE),
        error_messages=always(CHOOSE),
    )
    subject = TextLine(MAX_SUBJECT, metadata={"description": "Of an e-mail, which has to have one."})
    body = RequiredText(MAX_LENGTH, "Write the message.")
    send_at = Timestamp(metadata={"description": "Within the next two years."})


class MessageInput(MessageChange):
    """A time in the past five minutes means now."""

    channel = fields.String(
        required=True,
        validate=validate.OneOf(NAMES, error=CHOOSE),
        error_messages=always(CHOOSE),
    )
    body = RequiredText(MAX_LENGTH, "Write the message.", required=True)
    purpose = fields.String(
        validate=validate.OneOf(list(MessagePurpose), error=PURPOSES),
        error_messages=always(PURPOSES),
        metadata={"description": "Marketing (`marketing`) goes only to customers who agreed to it by the channel."},
    )
    send_at = Timestamp(required=True, metadata={"description": "Within the next two years."})


class Message(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    channel = fields.String(metadata={"enum": NAMES})
    subject = fields.String(metadata={"description": "Of an e-mail; empty otherwise."})
    body = fields.String()
    purpose = fields.String(metadata={"enum": list(MessagePurpose)})
    send_at = Timestamp()
    status = fields.String(metadata={"enum": [status.value for status in Status]})
    reason = fields.String()
    attempts = fields.Integer(attribute="attempts_made")
    created_at = Timestamp()
    updated_at = Timestamp()
