"""API schemas of invoices and their receipts."""

from __future__ import annotations

from marshmallow import fields

from crm.api.fields import AMOUNT, Amount, Day, Money, Number, Text, Timestamp
from crm.api.schemas import Input, Output
from crm.invoices.models import ReceiptState
from crm.invoices.rules import FIRST_YEAR, MAX_NOTE


class InvoiceChange(Input):
    amount = Amount(metadata=AMOUNT)
    date = Day(metadata={"description": f"Today or an earlier day, from {FIRST_YEAR} on."})
    note = Text(MAX_NOTE)
    booking = Number(allow_none=True, metadata={"description": "The id of the booking that it is for."})


class InvoiceInput(InvoiceChange):
    """The date is today when none is sent."""

    amount = Amount(required=True, metadata=AMOUNT)
    note = Text(MAX_NOTE, load_default="")


class Receipt(Output):
    id = fields.Integer()
    state = fields.String(metadata={"enum": [state.value for state in ReceiptState]})
    reason = fields.String()
    notice = fields.String()
    filename = fields.String()
    pages = fields.Integer(allow_none=True)


class Invoice(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    customer = fields.Integer(attribute="customer_id")
    booking = fields.Integer(attribute="booking_id", allow_none=True)
    amount = Money()
    currency = fields.String()
    date = fields.Date()
    note = fields.String()
    status = fields.String(metadata={"enum": ["open", "void"]})
    receipts = fields.List(fields.Nested(Receipt))
    created_at = Timestamp()
    updated_at = Timestamp(attribute="changed_at")
