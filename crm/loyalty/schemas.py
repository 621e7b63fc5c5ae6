from __future__ import annotations

from marshmallow import fields

from crm.api.fields import NumberOrDigits, TextLine, Timestamp
from crm.api.schemas import Input, Output, always
from crm.loyalty.rules import MAX_POINTS, MAX_REASON, TOO_MANY, Kind


class PointsChange(Input):
    """Points to add, or to deduct when negative."""

    points = NumberOrDigits(
        -MAX_POINTS,
        MAX_POINTS,
        required=True,
        error_messages={**always("Invalid points value"), "range": TOO_MANY},
        metadata={"pattern": f"^-?0*([0-9]{{1,{len(str(MAX_POINTS)) - 1}}}|{MAX_POINTS})$"},
    )
    reason = TextLine(MAX_REASON, load_default="")


class PointsEntry(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    points = fields.Integer(attribute="applied")
    reason = fields.String()
    balance = fields.Integer(metadata={"minimum": 0})
    kind = fields.String(metadata={"enum": [kind.value for kind in Kind]})
    expires_on = fields.Date(allow_none=True, metadata={"description": "The last day to spend what it added."})
    remaining = fields.Integer(metadata={"minimum": 0, "description": "What is left of what it added."})
    created_at = Timestamp()
    updated_at = Timestamp(attribute="created_at")
