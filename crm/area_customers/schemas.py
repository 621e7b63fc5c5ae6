"""The shapes of area customers."""

from __future__ import annotations

from marshmallow import fields

from crm.api.fields import Email, Number, PhoneLine, QueryNumber, RequiredLine, TextLine, Timestamp
from crm.api.schemas import ContactInput, Output, PageQuery
from crm.area_customers.rules import AREA_LIMIT
from crm.people.limits import LIMITS


class AreaCustomerChange(ContactInput):
    name = RequiredLine(LIMITS["name"], "Name is required")
    phone = PhoneLine(LIMITS["phone"])
    email = Email(LIMITS["email"])
    passport_number = TextLine(LIMITS["passport_number"])
    area = TextLine(AREA_LIMIT)
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})


class AreaCustomerInput(AreaCustomerChange):
    """Omitted fields of an existing row stay."""

    name = RequiredLine(LIMITS["name"], "Name is required", required=True)


class AreaCustomer(Output):
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
    created_at = Timestamp()
    updated_at = Timestamp()


class AreaCustomerQuery(PageQuery):
    search = fields.String(metadata={"description": "Name, phone in any spelling, e-mail or area."})
    area = fields.String()
    branch = QueryNumber()
