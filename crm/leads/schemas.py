"""The shapes of leads, follow-ups and loan commitments in the JSON API."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import fields, validate

from crm.api.fields import (
    AMOUNT,
    Amount,
    Day,
    Email,
    Money,
    Number,
    PhoneLine,
    QueryNumber,
    RequiredLine,
    Text,
    TextLine,
    Timestamp,
    YesNo,
)
from crm.api.schemas import ONE_OF, ContactInput, Input, Output, PageQuery
from crm.leads.models import CommitmentState, LeadStatus, Method
from crm.leads.rules import FIRST_YEAR, LAST_YEAR, LIMITS
from crm.people.limits import LIMITS as CUSTOMERS

STATUSES, METHODS, STATES = ([choice.value for choice in choices] for choices in (LeadStatus, Method, CommitmentState))


def _one_of(choices: list[str], **options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(choices, error=ONE_OF), **options)


class LeadChange(ContactInput):
    columns: ClassVar[dict[str, str]] = {"contact_number": "phone"}

    name = RequiredLine(CUSTOMERS["name"], "Name is required")
    contact_number = PhoneLine(CUSTOMERS["phone"])
    email = Email(CUSTOMERS["email"])
    passport_number = TextLine(CUSTOMERS["passport_number"])
    branch = Number(allow_none=True, metadata={"description": "The id of a branch."})
    source = TextLine(CUSTOMERS["source"])
    assigned_to = Number(allow_none=True, metadata={"description": "The id of a user who works here."})
    status = _one_of(STATUSES)
    lost_reason = Text(LIMITS["lost_reason"], metadata={"description": "Kept with what is lost."})
    notes = Text(CUSTOMERS["notes"])


class LeadInput(LeadChange):
    """Omitted fields of an existing lead stay."""

    name = RequiredLine(CUSTOMERS["name"], "Name is required", required=True)


class LeadQuery(PageQuery):
    search = fields.String(metadata={"description": "Name, number in any spelling, or e-mail."})
    status = _one_of(STATUSES)
    assigned_to = QueryNumber(metadata={"description": "The id of a user."})


class Lead(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    contact_number = fields.String(
        attribute="phone", metadata={"description": "E.164 when contact_number_valid, else as it was typed."}
    )
    contact_number_valid = fields.Boolean(attribute="phone_valid")
    email = fields.String(allow_none=True)
    passport_number = fields.String()
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    source = fields.String()
    assigned_to = fields.Integer(attribute="assigned_to_id", allow_none=True)
    status = fields.String(metadata={"enum": STATUSES})
    next_follow_up = Timestamp(attribute="next_follow_up_at", allow_none=True)
    lost_reason = fields.String()
    notes = fields.String()
    customer = fields.Integer(attribute="customer_id", allow_none=True)
    booking = fields.Integer(allow_none=True)
    created_at = Timestamp()
    updated_at = Timestamp()


class FollowUpInput(Input):
    method = _one_of(METHODS, required=True)
    note = Text(LIMITS["note"], load_default="")
    due_at = Timestamp(load_default=None, allow_none=True)


class FollowUpChange(Input):
    """`next_due_at` plans the next follow-up when this one is done."""

    method = _one_of(METHODS)
    note = Text(LIMITS["note"])
    due_at = Timestamp(allow_none=True)
    done = YesNo()
    outcome = Text(LIMITS["outcome"])
    next_due_at = Timestamp(allow_none=True)


class FollowUp(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    lead = fields.Integer(attribute="lead_id")
    method = fields.String(metadata={"enum": METHODS})
    note = fields.String()
    due_at = Timestamp(allow_none=True)
    done_at = Timestamp(allow_none=True)
    outcome = fields.String()
    created_at = Timestamp()
    updated_at = Timestamp()


class LoanCommitmentChange(Input):
    amount = Amount(metadata=AMOUNT)
    promised_date = Day(metadata={"description": f"A day from {FIRST_YEAR} to {LAST_YEAR}."})
    state = _one_of(STATES)


class LoanCommitmentInput(Input):
    amount = Amount(required=True, metadata=AMOUNT)
    promised_date = Day(required=True, metadata={"description": f"A day from {FIRST_YEAR} to {LAST_YEAR}."})


class LoanCommitment(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    lead = fields.Integer(attribute="lead_id")
    amount = Money()
    promised_date = fields.Date()
    state = fields.String(metadata={"enum": STATES})
    created_at = Timestamp()
    updated_at = Timestamp()
