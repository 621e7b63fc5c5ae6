"""API schemas of customers."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from crm.analytics.rfm import Group
from crm.api.fields import (
    WRITTEN,
    Average,
    Birthday,
    Email,
    Extension,
    LanguageCode,
    Money,
    Number,
    PhoneLine,
    QueryYesNo,
    RequiredLine,
    TenantName,
    Text,
    TextLine,
    Timestamp,
    YesNo,
)
from crm.api.schemas import ONE_OF, ContactInput, CursorQuery, Input, Output, always
from crm.customers.api_queries import ORDERINGS
from crm.customers.facts import fill
from crm.customers.referral_codes import MAX_TYPED
from crm.customers.rules import Consent, Tier
from crm.customers.services import BULK_WORKER_THRESHOLD
from crm.people.limits import LIMITS

MAX_SELECTED = BULK_WORKER_THRESHOLD - 1
"""More would be left to the worker, and the answer could not say what was changed."""


MARKETING_STATE = "Whether the customer agreed to marketing by this channel; each change is kept with who and how."


class TierName(fields.String):
    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return Tier(value).label


class ConsentState(fields.String):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf(list(Consent), error=ONE_OF), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return Consent(text) if text in list(Consent) else text


class CustomerChange(ContactInput):
    name = RequiredLine(LIMITS["name"], "Name is required")
    email = Email(LIMITS["email"])
    phone = PhoneLine(LIMITS["phone"])
    phone_extension = Extension()
    address = Text(LIMITS["address"])
    city = TextLine(LIMITS["city"])
    province = TextLine(LIMITS["province"])
    postal_code = TextLine(LIMITS["postal_code"])
    notes = Text(LIMITS["notes"])
    is_active = YesNo()
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    passport_number = TextLine(LIMITS["passport_number"])
    source = TextLine(LIMITS["source"])
    service_type = TextLine(LIMITS["service_type"])
    language = LanguageCode()
    birthday = Birthday()
    sms_allowed = YesNo()
    whatsapp_allowed = YesNo()
    email_allowed = YesNo()
    marketing_sms = ConsentState()
    marketing_whatsapp = ConsentState()
    marketing_email = ConsentState()


class CustomerInput(CustomerChange):
    """A whole customer; fields left out of an existing one stay."""

    name = RequiredLine(LIMITS["name"], "Name is required", required=True)


class CustomerCreation(CustomerInput):
    referred_by = TextLine(
        MAX_TYPED, metadata={"description": "The `referral_code` of the customer who brought this one."}
    )


class CustomerReplacement(CustomerInput):
    """A customer as answers have it, where `full_name` may stand for the name."""

    @ma.pre_load
    def _named(self, given: Any, **kwargs: Any) -> Any:
        if isinstance(given, dict) and "name" not in given and "full_name" in given:
            return {**given, "name": given["full_name"]}
        return given


class Rfm(Output):
    """Recency, frequency and money within the last 24 months, and the scores that they have among all buyers."""

    recency_days = fields.Integer(
        allow_none=True, metadata={"description": "Days since the last purchase; null for one who never bought."}
    )
    purchase_days = fields.Integer(metadata={"minimum": 0})
    spent = Money(metadata={"pattern": WRITTEN})
    r = fields.Integer(allow_none=True, metadata={"minimum": 1, "maximum": 5})
    f = fields.Integer(allow_none=True, metadata={"minimum": 1, "maximum": 5})
    m = fields.Integer(allow_none=True, metadata={"minimum": 1, "maximum": 5})
    group = fields.String(metadata={"enum": list(Group)})


class PointsExpiring(Output):
    date = fields.Date()
    points = fields.Integer(metadata={"minimum": 1})


class Customer(Output):
    id = fields.Integer()
    tenant = fields.Integer(attribute="organization_id")
    tenant_name = TenantName(attribute="organization_id")
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    full_name = fields.String(attribute="name")
    email = fields.String(allow_none=True)
    phone = fields.String(metadata={"description": "E.164 when phone_valid, else as it was typed."})
    phone_valid = fields.Boolean()
    phone_extension = fields.String(metadata={"description": "Up to seven digits, dialed after the number."})
    phones = fields.List(
        fields.String(), metadata={"description": "All numbers that the customer came with, the main one first."}
    )
    emails = fields.List(
        fields.String(), metadata={"description": "All addresses that the customer came with, the main one first."}
    )
    address = fields.String()
    city = fields.String()
    province = fields.String()
    postal_code = fields.String()
    loyalty_points = fields.Integer(
        attribute="facts.loyalty_points", metadata={"minimum": 0, "description": "What can be spent now."}
    )
    loyalty_tier = TierName(attribute="tier", metadata={"enum": [tier.label for tier in Tier]})
    total_orders = fields.Integer(metadata={"minimum": 0})
    total_spent = Money(metadata={"pattern": WRITTEN})
    notes = fields.String()
    is_active = fields.Boolean()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    passport_number = fields.String()
    source = fields.String()
    service_type = fields.String()
    language = fields.String(metadata={"description": "Of their messages; empty for the organization's."})
    birthday = fields.String(
        attribute="full_birthday", metadata={"description": "As 1990-02-14, or 02-14 without the year; empty for none."}
    )
    sms_allowed = fields.Boolean()
    whatsapp_allowed = fields.Boolean()
    email_allowed = fields.Boolean()
    marketing_sms = fields.String(metadata={"enum": list(Consent), "description": MARKETING_STATE})
    marketing_whatsapp = fields.String(metadata={"enum": list(Consent), "description": MARKETING_STATE})
    marketing_email = fields.String(metadata={"enum": list(Consent), "description": MARKETING_STATE})
    last_activity = Timestamp(attribute="last_activity_at", allow_none=True)
    next_message_at = Timestamp(allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()
    last_order_date = Timestamp(attribute="last_order_at", allow_none=True)
    points_expiring = fields.List(
        fields.Nested(PointsExpiring),
        attribute="facts.points_expiring",
        metadata={"description": "Until when how many can be spent, the next day first; others never end."},
    )
    points_owed = fields.Integer(metadata={"minimum": 0, "description": "Taken back after they had been spent."})
    tier_since = fields.Date(allow_none=True)
    next_tier = fields.String(
        attribute="facts.next_tier", allow_none=True, metadata={"enum": [*(tier.label for tier in Tier), None]}
    )
    points_to_next_tier = fields.Integer(
        attribute="facts.points_to_next_tier", allow_none=True, metadata={"minimum": 1}
    )
    rfm = fields.Nested(
        Rfm,
        attribute="facts.rfm",
        allow_none=True,
        metadata={"description": "As of the night's computation; null while fewer than 25 customers have bought."},
    )
    referral_code = fields.String(
        allow_none=True,
        metadata={"description": "Made when the customer is first read alone; null in lists before that."},
    )

    @ma.pre_dump
    def _with_facts(self, customer: Any, **kwargs: Any) -> Any:
        if not customer.facts:
            fill([customer])
        return customer


class CustomerDetails(Customer):
    average_order_value = Average(attribute="total_spent")


class TierChoice(fields.String):
    def __init__(self) -> None:
        choices = ["", *(name for tier in Tier for name in (tier.value, tier.label))]
        super().__init__(metadata={"enum": choices})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        name = str(value).lower()
        if name and name not in list(Tier):
            raise ma.ValidationError(ONE_OF.format(choices=", ".join(Tier)))
        return name


class CustomerQuery(CursorQuery):
    search = fields.String(metadata={"description": "Name, phone in any spelling, e-mail or passport number."})
    is_active = QueryYesNo()
    loyalty_level = TierChoice()
    city = fields.String()
    province = fields.String()
    ordering = fields.String(
        validate=validate.OneOf(["", *sorted(ORDERINGS)], error=ONE_OF), load_default="-created_at"
    )

    @ma.post_load
    def _as_usual(self, query: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        """Treat an empty value as none, as HTML forms send it."""
        if not query.get("ordering"):
            query["ordering"] = "-created_at"
        return {name: value for name, value in query.items() if value not in ("", None)}


class Selection(Input):
    customer_ids = fields.List(
        Number(),
        required=True,
        validate=[
            validate.Length(min=1, error="No customers selected"),
            validate.Length(max=MAX_SELECTED, error=f"Select at most {MAX_SELECTED:,} customers at a time."),
        ],
        error_messages=always("No customers selected"),
    )
    action = fields.String(
        required=True,
        validate=validate.OneOf(["activate", "deactivate"], error="Invalid action"),
        error_messages=always("Invalid action"),
    )


class Said(Output):
    message = fields.String()
