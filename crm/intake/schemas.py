"""The shapes of what other systems tell of people, and of scans."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from crm.api.fields import LanguageCode, Number, PhoneLine, RequiredLine, Tenant, TextLine, Timestamp
from crm.api.schemas import Input, Output
from crm.intake.rules import CUTOFF_DAYS, CUTOFF_SENTENCE, MAX_CUTOFF_DAYS
from crm.kernel.work.models import JobState
from crm.people.limits import LIMITS


class Blank(fields.String):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value or None


class IntakeInput(Input):
    """`full_name` or `name` is required."""

    one_of = ("full_name", "name")

    full_name = RequiredLine(LIMITS["name"], "Name is required")
    name = RequiredLine(LIMITS["name"], "Name is required")
    phone = PhoneLine(LIMITS["phone"])
    email = TextLine(LIMITS["email"], metadata={"description": "What is no address is refused."})
    passport_number = TextLine(LIMITS["passport_number"])
    city = TextLine(LIMITS["city"])
    source = TextLine(LIMITS["source"], metadata={"description": "Where they come from."})
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    organization = Tenant()
    service_type = TextLine(LIMITS["service_type"])
    language = LanguageCode()
    last_activity = Timestamp(
        allow_none=True, metadata={"description": "When they were last heard of; now if it is left out, or to come."}
    )

    @ma.validates_schema
    def _has_a_name(self, given: dict[str, Any], **kwargs: Any) -> None:
        if "full_name" not in given and "name" not in given:
            raise ma.ValidationError("Name is required", "full_name")


class Collected(Output):
    id = fields.Integer()
    full_name = fields.String(attribute="name")
    phone = fields.String(metadata={"description": "E.164 when it is a number, else as it was typed."})
    email = fields.String(allow_none=True)
    passport_number = fields.String()
    city = fields.String()
    source = fields.String()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    organization = fields.Integer(attribute="organization_id")
    is_active = fields.Boolean()
    service_type = Blank(allow_none=True)
    last_activity = Timestamp(attribute="last_activity_at", allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()
    duplicates = fields.List(
        fields.Integer(), metadata={"description": "Who may be the same person, where somebody has to look at that."}
    )

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.required = field_name != "duplicates"


class CollectedPage(Output):
    count = fields.Integer(metadata={"minimum": 0})
    next = fields.String(allow_none=True)
    previous = fields.String(allow_none=True)
    total_customers = fields.Integer(metadata={"minimum": 0})
    customers = fields.List(fields.Nested(Collected))


class ScanInput(Input):
    cutoff_days = Number(
        1,
        MAX_CUTOFF_DAYS,
        load_default=CUTOFF_DAYS,
        error_messages=dict.fromkeys(("invalid", "range", "null"), CUTOFF_SENTENCE),
    )


class Scanned(Output):
    created = fields.Integer(metadata={"minimum": 0})
    updated = fields.Integer(metadata={"minimum": 0})


class ScanPlace(Output):
    scan = fields.String()


class Scan(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    state = fields.String(metadata={"enum": [JobState.WORKING, JobState.DONE, JobState.CANCELED]})
    done = fields.Integer(attribute="looked", metadata={"minimum": 0})
    total = fields.Integer(metadata={"minimum": 0})
    created = fields.Integer(metadata={"minimum": 0})
    updated = fields.Integer(metadata={"minimum": 0})
    created_at = Timestamp()
    updated_at = Timestamp()


class WebhookInput(IntakeInput):
    customers = fields.List(fields.Nested(IntakeInput), validate=validate.Length(1, 1_000))


class Verdict(Output):
    row = fields.Integer(metadata={"minimum": 0})
    status = fields.String(metadata={"enum": ["created", "updated", "unchanged", "refused"]})
    customer = fields.Integer(allow_none=True)
    duplicates = fields.List(fields.Integer())
    error = fields.String(allow_none=True)


class Verdicts(Output):
    results = fields.List(fields.Nested(Verdict))
    created = fields.Integer()
    updated = fields.Integer()
    unchanged = fields.Integer()
    refused = fields.Integer()


WEBHOOK_HEADERS = {
    "X-Tenant-ID": "The id or short name of the organization.",
    "webhook-id": "Another one for each call, the same when it is sent again.",
    "webhook-timestamp": "When it is sent, in seconds since 1970.",
    "webhook-signature": "v1, and the signature in base64.",
}


def header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}
