"""The shapes of visits in the JSON API."""

from __future__ import annotations

from marshmallow import fields

from crm.api.fields import Number, Timestamp
from crm.api.schemas import Input, Output


class CheckIn(Input):
    may_be_left_out = True

    branch = Number(
        allow_none=True, metadata={"description": "The branch where the customer is; for staff of a branch, theirs."}
    )


class CheckedIn(Output):
    visit = fields.Integer(attribute="visit.id")
    already = fields.Boolean(metadata={"description": "The customer was checked in there a few hours ago."})
    at = Timestamp(metadata={"description": "When the visit began."})


class Visit(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    at = Timestamp()
    day = fields.Date(metadata={"description": "The date on which it was, in the organization's time zone."})
    created_at = Timestamp()
    updated_at = Timestamp(attribute="created_at")
