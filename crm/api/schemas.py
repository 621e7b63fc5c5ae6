"""The shapes of the JSON API."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from crm.api.fields import (
    AMOUNT,
    AMOUNT_OR_NOTHING,
    Amount,
    AmountOrNothing,
    Average,
    Day,
    Email,
    Line,
    Moment,
    Money,
    Name,
    Number,
    QueryNumber,
    QueryYesNo,
    Tenant,
    TenantName,
    Text,
    Words,
    YesNo,
)
from crm.api.queries import ORDERINGS
from crm.area_customers.rules import AREA_LIMIT
from crm.bookings.models import BookingStatus
from crm.bookings.rules import FIRST_DAY, LAST_DAY, MAX_PERSONS, NUMBER_LIMIT, TOO_MANY_PERSONS
from crm.collection.models import ScanState
from crm.collection.rules import CUTOFF_DAYS, CUTOFF_SENTENCE, MAX_CUTOFF_DAYS
from crm.customers.rules import LIMITS, Tier
from crm.customers.services import BULK_AT_ONCE
from crm.invoices.models import State
from crm.invoices.rules import FIRST_YEAR, MAX_NOTE
from crm.loyalty.rules import MAX_POINTS, MAX_REASON, TOO_MANY
from crm.messages.rules import MAX_LENGTH, Channel, Status

ONE_OF = "Choose one of {choices}."

PAGE_SIZE = 20
MAX_PAGE_SIZE = 100
MAX_SELECTED = BULK_AT_ONCE - 1
"""More would be left to the worker, and the answer could not say what came of it."""


class Input(ma.Schema):
    """What is sent; fields that are not here are ignored."""

    class Meta:
        unknown = ma.EXCLUDE

    error_messages = {"type": 'Send an object, like {"name": "Siti"}.'}

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say what is missing by its name."""
        label = field_name.replace("_", " ").capitalize()
        said = field_obj.error_messages
        for key in ("required", "null"):
            if said[key] == fields.Field.default_error_messages[key]:
                said[key] = f"{label} is required"
        if said.get("invalid") == fields.String.default_error_messages["invalid"]:
            said["invalid"] = "Send text."


class Output(ma.Schema):
    """What is answered: every field is always there."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say so in the document."""
        field_obj.required = field_obj.dump_only = True


class TierName(fields.String):
    """A tier as people write it."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str:
        return Tier(value).label


class Blank(fields.String):
    """Text, null where there is none."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value or None


def _always(sentence: str) -> dict[str, Any]:
    """Say the same whatever is wrong."""
    return dict.fromkeys(("required", "null", "invalid"), sentence)


# Tokens


class Credentials(Input):
    """Who signs in."""

    username = fields.String(required=True, metadata={"maxLength": 1_000}, validate=validate.Length(max=1_000))
    password = fields.String(required=True, metadata={"maxLength": 1_000}, validate=validate.Length(max=1_000))


class RefreshToken(Input):
    """A refresh token that was not used yet."""

    refresh = fields.String(required=True, validate=validate.Length(max=4_000))


class Tokens(Output):
    """A token for 15 minutes of requests, and one that gets the next two."""

    access = fields.String()
    refresh = fields.String()


# Customers


class CustomerChange(Input):
    """What can be changed of a customer; other fields of an answer are ignored."""

    name = Name(LIMITS["name"], "Name is required")
    email = Email(LIMITS["email"])
    phone = Line(LIMITS["phone"])
    address = Text(LIMITS["address"])
    city = Line(LIMITS["city"])
    province = Line(LIMITS["province"])
    postal_code = Line(LIMITS["postal_code"])
    notes = Text(LIMITS["notes"])
    is_active = YesNo()
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    passport_number = Line(LIMITS["passport_number"])
    source = Line(LIMITS["source"])
    service_type = Line(LIMITS["service_type"])


class CustomerInput(CustomerChange):
    """A whole customer; what is left out of one that is there stays as it is."""

    name = Name(LIMITS["name"], "Name is required", required=True)


class Customer(Output):
    """A customer as lists show them."""

    id = fields.Integer()
    tenant = fields.Integer(attribute="organization_id")
    tenant_name = TenantName(attribute="organization_id")
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    full_name = fields.String(attribute="name")
    email = fields.String(allow_none=True)
    phone = fields.String(metadata={"description": "E.164 when phone_valid, else as it was typed."})
    phone_valid = fields.Boolean()
    address = fields.String()
    city = fields.String()
    province = fields.String()
    postal_code = fields.String()
    loyalty_points = fields.Integer(metadata={"minimum": 0})
    loyalty_tier = TierName(attribute="tier", metadata={"enum": [tier.label for tier in Tier]})
    total_orders = fields.Integer(metadata={"minimum": 0})
    total_spent = Money(metadata={"pattern": r"^-?[0-9]+\.[0-9]{2}$"})
    notes = fields.String()
    is_active = fields.Boolean()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    passport_number = fields.String()
    source = fields.String()
    service_type = fields.String()
    last_activity = Moment(attribute="last_activity_at", allow_none=True)
    next_message_at = Moment(allow_none=True)
    created_at = Moment()
    updated_at = Moment()
    last_order_date = Moment(attribute="last_order_at", allow_none=True)


class CustomerDetails(Customer):
    """One customer."""

    average_order_value = Average(attribute="total_spent")


class PageQuery(Input):
    """Which page of a list."""

    page = QueryNumber(load_default=1)
    page_size = QueryNumber(1, MAX_PAGE_SIZE, load_default=PAGE_SIZE)


class CursorQuery(PageQuery):
    """Which page of a list that goes on at any depth."""

    page = QueryNumber(load_default=1, metadata={"description": "To row 10,000; `next` goes further."})
    after = fields.String(metadata={"description": "The cursor that `next` carries."})
    before = fields.String(metadata={"description": "The cursor that `previous` carries."})


class CustomerQuery(CursorQuery):
    """Which customers, in which order."""

    search = fields.String(metadata={"description": "Name, phone in any spelling, or e-mail."})
    is_active = QueryYesNo()
    loyalty_level = fields.String(validate=validate.OneOf([tier.value for tier in Tier], error=ONE_OF))
    city = fields.String()
    province = fields.String()
    ordering = fields.String(validate=validate.OneOf(sorted(ORDERINGS), error=ONE_OF), load_default="-created_at")


class TierCounts(Output):
    """How many customers are in each tier."""

    platinum = fields.Integer()
    gold = fields.Integer()
    silver = fields.Integer()
    bronze = fields.Integer()


class Stats(Output):
    """The figures of the organization's customers."""

    total_customers = fields.Integer()
    active_customers = fields.Integer()
    total_loyalty_points = fields.Integer()
    customers_by_tier = fields.Nested(TierCounts)


class PointsChange(Input):
    """Points to add, or to deduct when negative; never more than there are."""

    points = Number(
        -MAX_POINTS,
        MAX_POINTS,
        required=True,
        error_messages={**_always("Invalid points value"), "range": TOO_MANY},
    )
    reason = Line(MAX_REASON, load_default="")


class PointsEntry(Output):
    """An entry of a customer's points: what was applied, and the balance after it."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    points = fields.Integer(attribute="applied")
    reason = fields.String()
    balance = fields.Integer(metadata={"minimum": 0})
    created_at = Moment()
    updated_at = Moment(attribute="created_at")


class Selection(Input):
    """Which customers, and what becomes of them."""

    customer_ids = fields.List(
        Number(),
        required=True,
        validate=[
            validate.Length(min=1, error="No customers selected"),
            validate.Length(max=MAX_SELECTED, error=f"Select at most {MAX_SELECTED:,} customers at a time."),
        ],
        error_messages=_always("No customers selected"),
    )
    action = fields.String(
        required=True,
        validate=validate.OneOf(["activate", "deactivate"], error="Invalid action"),
        error_messages=_always("Invalid action"),
    )


class Said(Output):
    """What was done, in a sentence."""

    message = fields.String()


# Collection


class IntakeInput(Input):
    """A person as another system tells of them; `full_name` or `name` has to be there."""

    full_name = Name(LIMITS["name"], "Name is required")
    name = Name(LIMITS["name"], "Name is required")
    phone = Line(LIMITS["phone"], allow_none=True)
    email = Line(LIMITS["email"], allow_none=True, metadata={"description": "What is no address is left out."})
    passport_number = Line(LIMITS["passport_number"], allow_none=True)
    city = Line(LIMITS["city"], allow_none=True)
    source = Line(LIMITS["source"], allow_none=True, metadata={"description": "Where they come from."})
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    organization = Tenant()
    service_type = Line(LIMITS["service_type"], allow_none=True)
    last_activity = Moment(
        allow_none=True, metadata={"description": "When they were last heard of; now if it is left out, or to come."}
    )

    @ma.validates_schema
    def _has_a_name(self, given: dict[str, Any], **kwargs: Any) -> None:
        if "full_name" not in given and "name" not in given:
            raise ma.ValidationError("Name is required", "full_name")


NEEDS_ONE_OF = {"IntakeInput": ("full_name", "name")}
"""By shape, the fields of which one has to be there; marshmallow has no word for it."""


class Collected(Output):
    """A customer as those see them who collect them."""

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
    last_activity = Moment(attribute="last_activity_at", allow_none=True)
    created_at = Moment()
    updated_at = Moment()
    duplicates = fields.List(
        fields.Integer(), metadata={"description": "Who may be the same person, where somebody has to look at that."}
    )

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say which are always there."""
        super().on_bind_field(field_name, field_obj)
        field_obj.required = field_name != "duplicates"


class CollectedPage(Output):
    """A page of the customers."""

    count = fields.Integer(metadata={"minimum": 0})
    next = fields.String(allow_none=True)
    previous = fields.String(allow_none=True)
    total_customers = fields.Integer(metadata={"minimum": 0})
    customers = fields.List(fields.Nested(Collected))


class ScanInput(Input):
    """How far back to look."""

    cutoff_days = Number(
        1,
        MAX_CUTOFF_DAYS,
        load_default=CUTOFF_DAYS,
        error_messages=dict.fromkeys(("invalid", "range", "null"), CUTOFF_SENTENCE),
    )


class Scanned(Output):
    """How many customers were created, and how many updated."""

    created = fields.Integer(metadata={"minimum": 0})
    updated = fields.Integer(metadata={"minimum": 0})


class ScanPlace(Output):
    """Where it says how far a collection is."""

    scan = fields.String()


class Scan(Output):
    """How far a collection is, in records, and what came of it, in customers."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    state = fields.String(metadata={"enum": [state.value for state in ScanState]})
    done = fields.Integer(metadata={"minimum": 0})
    total = fields.Integer(metadata={"minimum": 0})
    created = fields.Integer(metadata={"minimum": 0})
    updated = fields.Integer(metadata={"minimum": 0})
    created_at = Moment()
    updated_at = Moment()


class WebhookInput(IntakeInput):
    """A customer, or many of them as `customers`."""

    customers = fields.List(fields.Nested(IntakeInput), validate=validate.Length(1, 1_000))


class Verdict(Output):
    """What became of a row."""

    row = fields.Integer(metadata={"minimum": 0})
    status = fields.String(metadata={"enum": ["created", "updated", "unchanged", "refused"]})
    customer = fields.Integer(allow_none=True)
    duplicates = fields.List(fields.Integer())
    error = fields.String(allow_none=True)


class Verdicts(Output):
    """What became of each row, in their order, and how many became what."""

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
    """Return how the document tells of a header."""
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}


# Invoices


class InvoiceInput(Input):
    """What a customer was charged; the date is today if none is sent."""

    amount = Amount(required=True, metadata=AMOUNT)
    date = Day(metadata={"description": f"Today or an earlier day, from {FIRST_YEAR} on."})
    note = Text(MAX_NOTE, load_default="")


class Receipt(Output):
    """A file of an invoice, on its way to a PDF; `reason` says why there is none."""

    id = fields.Integer()
    state = fields.String(metadata={"enum": [state.value for state in State]})
    reason = fields.String()
    filename = fields.String()
    pages = fields.Integer(allow_none=True)


class Invoice(Output):
    """What a customer was charged."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    amount = Money()
    currency = fields.String()
    date = fields.Date()
    note = fields.String()
    status = fields.String(metadata={"enum": ["open", "void"]})
    receipts = fields.List(fields.Nested(Receipt))
    created_at = Moment()
    updated_at = Moment(attribute="changed_at")


# Messages


class MessageChange(Input):
    """What can be changed of a message until it is being sent."""

    channel = fields.String(
        validate=validate.OneOf([channel.value for channel in Channel], error="Choose sms or whatsapp."),
        error_messages=_always("Choose sms or whatsapp."),
    )
    body = Words(max(MAX_LENGTH.values()), "Write the message.")
    send_at = Moment(metadata={"description": "Within the next two years."})


class MessageInput(MessageChange):
    """A message to schedule; one of the past five minutes goes at once."""

    channel = fields.String(
        required=True,
        validate=validate.OneOf([channel.value for channel in Channel], error="Choose sms or whatsapp."),
        error_messages=_always("Choose sms or whatsapp."),
    )
    body = Words(max(MAX_LENGTH.values()), "Write the message.", required=True)
    send_at = Moment(required=True, metadata={"description": "Within the next two years."})


class Message(Output):
    """A scheduled message and what became of it; `attempts` says how often it was tried."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    channel = fields.String(metadata={"enum": [channel.value for channel in Channel]})
    body = fields.String()
    send_at = Moment()
    status = fields.String(metadata={"enum": [status.value for status in Status]})
    reason = fields.String()
    attempts = fields.Integer(attribute="attempts_made")
    created_at = Moment()
    updated_at = Moment()


# Branches


class BranchInput(Input):
    """A place of the organization; each has its own name."""

    name = Name(200, "Enter the branch's name.", required=True)


class Branch(Output):
    """A place of the organization."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    created_at = Moment()


# Area customers


class AreaCustomerChange(Input):
    """What can be changed of an area customer; other fields of an answer are ignored."""

    name = Name(LIMITS["name"], "Name is required")
    phone = Line(LIMITS["phone"])
    email = Email(LIMITS["email"])
    passport_number = Line(LIMITS["passport_number"])
    area = Line(AREA_LIMIT)
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})


class AreaCustomerInput(AreaCustomerChange):
    """A person whom a branch knows by their area; what is left out of one that is there stays as it is."""

    name = Name(LIMITS["name"], "Name is required", required=True)


class AreaCustomer(Output):
    """A person whom a branch knows by their area, and the customer they are."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    phone = fields.String(metadata={"description": "E.164 when phone_valid, else as it was typed."})
    phone_valid = fields.Boolean()
    email = fields.String(allow_none=True)
    passport_number = fields.String()
    area = fields.String()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    customer = fields.Integer(attribute="customer_id", allow_none=True)
    created_at = Moment()
    updated_at = Moment()


class AreaCustomerQuery(PageQuery):
    """Which area customers."""

    search = fields.String(metadata={"description": "Name, phone in any spelling, e-mail or area."})
    area = fields.String()
    branch = QueryNumber()


# Bookings


class BookingPersonInput(Input):
    """A person of a booking; `id` names one who is there already, others are known by their name."""

    id = Number(allow_none=True)
    name = Name(LIMITS["name"], "Name is required", required=True)
    phone = Line(LIMITS["phone"])
    email = Email(LIMITS["email"])
    passport_number = Line(LIMITS["passport_number"])
    is_lead = YesNo(load_default=False, metadata={"description": "One person is the lead; the first if none is said."})


def _persons(**options: Any) -> fields.List[Any]:
    lengths = [
        validate.Length(min=1, error="Send at least one person."),
        validate.Length(max=MAX_PERSONS, error=TOO_MANY_PERSONS),
    ]
    return fields.List(fields.Nested(BookingPersonInput), validate=lengths, **options)


class BookingChange(Input):
    """What can be changed of a booking; other fields of an answer are ignored."""

    number = Line(NUMBER_LIMIT, metadata={"description": "No two are the same, whatever the case of letters."})
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    date = Day(metadata={"description": f"From {FIRST_DAY} to {LAST_DAY}."})
    status = fields.String(validate=validate.OneOf([status.value for status in BookingStatus], error=ONE_OF))
    amount = AmountOrNothing(metadata=AMOUNT_OR_NOTHING)
    persons = _persons()


class BookingInput(BookingChange):
    """A whole booking; what is left out of one that is there stays as it is."""

    date = Day(required=True, metadata={"description": f"From {FIRST_DAY} to {LAST_DAY}."})
    persons = _persons(required=True)


class BookingPerson(Output):
    """A person of a booking, and the customer they are."""

    id = fields.Integer()
    name = fields.String()
    phone = fields.String(metadata={"description": "E.164 when phone_valid, else as it was typed."})
    phone_valid = fields.Boolean()
    email = fields.String(allow_none=True)
    passport_number = fields.String()
    is_lead = fields.Boolean()
    customer = fields.Integer(attribute="customer_id", allow_none=True)


class Booking(Output):
    """A booking with its persons, and its lead."""

    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    number = fields.String()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    date = fields.Date()
    status = fields.String(metadata={"enum": [status.value for status in BookingStatus]})
    amount = Money()
    lead = fields.Integer(attribute="lead_id", allow_none=True)
    persons = fields.List(fields.Nested(BookingPerson))
    created_at = Moment()
    updated_at = Moment()


class BookingQuery(PageQuery):
    """Which bookings."""

    search = fields.String(metadata={"description": "Number, or a person's name, phone in any spelling, or e-mail."})
    status = fields.String(validate=validate.OneOf([status.value for status in BookingStatus], error=ONE_OF))
    date_from = Day()
    date_to = Day()


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """Return the shape of a page of a list."""

    class Page(Output):
        count = fields.Integer(metadata={"minimum": 0})
        next = fields.String(allow_none=True)
        previous = fields.String(allow_none=True)
        results = fields.List(fields.Nested(item))

    Page.__name__ = f"{item.__name__}Page"
    return Page
