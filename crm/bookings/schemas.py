"""The shapes of bookings and their persons."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from crm.api.fields import (
    AMOUNT_OR_NOTHING,
    AmountOrNothing,
    Day,
    Email,
    Money,
    Number,
    PhoneLine,
    RequiredLine,
    Text,
    TextLine,
    Timestamp,
    YesNo,
)
from crm.api.schemas import ONE_OF, ContactInput, Input, Output, PageQuery
from crm.bookings.models import BookingStatus
from crm.bookings.rules import (
    FIRST_DAY,
    LAST_DAY,
    MAX_PERSONS,
    NOTE_LIMIT,
    NUMBER_LIMIT,
    SERVICE_LIMIT,
    TOO_MANY_PERSONS,
)
from crm.invoices.schemas import Receipt
from crm.people.limits import LIMITS


class BookingPersonInput(ContactInput):
    """`id` names a person of the booking; others are matched by name."""

    id = Number(allow_none=True)
    name = RequiredLine(LIMITS["name"], "Name is required", required=True)
    phone = PhoneLine(LIMITS["phone"])
    email = Email(LIMITS["email"])
    passport_number = TextLine(LIMITS["passport_number"])
    is_lead = YesNo(load_default=False, metadata={"description": "One person is the lead; the first if none is said."})


def _persons(**options: Any) -> fields.List[Any]:
    lengths = [
        validate.Length(min=1, error="Send at least one person."),
        validate.Length(max=MAX_PERSONS, error=TOO_MANY_PERSONS % {"most": MAX_PERSONS}),
    ]
    return fields.List(fields.Nested(BookingPersonInput), validate=lengths, **options)


class BookingChange(Input):
    number = TextLine(NUMBER_LIMIT, metadata={"description": "No two are the same, whatever the case of letters."})
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    service = TextLine(SERVICE_LIMIT, metadata={"description": "The destination, or what was booked."})
    date = Day(metadata={"description": f"From {FIRST_DAY} to {LAST_DAY}."})
    date_until = Day(allow_none=True, metadata={"description": "The last day, not before `date`."})
    note = Text(NOTE_LIMIT)
    status = fields.String(validate=validate.OneOf([status.value for status in BookingStatus], error=ONE_OF))
    amount = AmountOrNothing(metadata=AMOUNT_OR_NOTHING)
    persons = _persons()


class BookingInput(BookingChange):
    """Omitted fields of an existing booking stay."""

    date = Day(required=True, metadata={"description": f"From {FIRST_DAY} to {LAST_DAY}."})
    persons = _persons(required=True)


class BookingPerson(Output):
    id = fields.Integer()
    name = fields.String()
    phone = fields.String(metadata={"description": "E.164 when phone_valid, else as it was typed."})
    phone_valid = fields.Boolean()
    email = fields.String(allow_none=True)
    passport_number = fields.String()
    is_lead = fields.Boolean()
    customer = fields.Integer(attribute="customer_id", allow_none=True)


class Booking(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    number = fields.String()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    service = fields.String()
    date = fields.Date()
    date_until = fields.Date(allow_none=True)
    note = fields.String()
    status = fields.String(metadata={"enum": [status.value for status in BookingStatus]})
    amount = Money()
    paid = Money(metadata={"description": "The sum of its invoices; void ones don't count."})
    balance = Money(metadata={"description": "What is still to be paid; negative if too much was paid."})
    lead = fields.Integer(attribute="lead_id", allow_none=True)
    persons = fields.List(fields.Nested(BookingPerson))
    documents = fields.List(fields.Nested(Receipt))
    created_at = Timestamp()
    updated_at = Timestamp()


class BookingQuery(PageQuery):
    search = fields.String(metadata={"description": "Number, service, or a person's name, phone or e-mail."})
    status = fields.String(validate=validate.OneOf([status.value for status in BookingStatus], error=ONE_OF))
    date_from = Day()
    date_to = Day()
