"""The shapes of referrals in the JSON API."""

from __future__ import annotations

from marshmallow import fields, validate

from crm.api.fields import Timestamp
from crm.api.schemas import ONE_OF, Output, PageQuery
from crm.referrals.rules import State


class Referral(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    referrer = fields.Integer(attribute="referrer_id", metadata={"description": "The customer whose code it was."})
    friend = fields.Integer(attribute="friend_id", metadata={"description": "The customer who came with it."})
    state = fields.String(metadata={"enum": [state.value for state in State]})
    reason = fields.Function(
        lambda row: " ".join(reason.sentence for reason in row.why),
        metadata={"type": "string", "description": "Why it is to be reviewed, or why it ended; empty otherwise."},
    )
    joined_at = Timestamp()
    qualified_at = Timestamp(allow_none=True)
    held_until = Timestamp(allow_none=True, metadata={"description": "When the referrer gets their reward."})
    created_at = Timestamp()


class ReferralQuery(PageQuery):
    state = fields.String(validate=validate.OneOf(["", *(state.value for state in State)], error=ONE_OF))
