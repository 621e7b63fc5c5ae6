"""The shapes of notes in the JSON API."""

from __future__ import annotations

from marshmallow import fields, validate

from crm.api.fields import RequiredText, Timestamp
from crm.api.schemas import ONE_OF, Input, Output
from crm.notes.models import LIMIT, Kind

KINDS = [kind.value for kind in Kind]


class NoteChange(Input):
    text = RequiredText(LIMIT, "Text is required")
    kind = fields.String(validate=validate.OneOf(KINDS, error=ONE_OF))


class NoteInput(NoteChange):
    text = RequiredText(LIMIT, "Text is required", required=True)


class Note(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_of", allow_none=True)
    lead = fields.Integer(attribute="lead_id", allow_none=True)
    kind = fields.String(metadata={"enum": KINDS})
    text = fields.String()
    created_by = fields.Integer(
        attribute="created_by_id", allow_none=True, metadata={"description": "The id of a user."}
    )
    created_at = Timestamp()
    updated_at = Timestamp()
