"""Leads, their follow-ups and their loan commitments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar

from flask import abort

from crm.accounts.access import find
from crm.accounts.queries import branches
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import PageQuery, page_of
from crm.kernel.branch_scope import bound_branch
from crm.kernel.manifest import catalog
from crm.kernel.problems import InputProblem
from crm.leads import commitments, follow_ups, lists, queries, services
from crm.leads import schemas as schemas
from crm.leads.assignees import assignment_problem
from crm.leads.models import FollowUp, Lead, LoanCommitment, Method
from crm.leads.rules import promised_date_problem
from crm.values.text import clean_line

bp = Resource("leads", "Leads", 70)

Part = TypeVar("Part", FollowUp, LoanCommitment)


@bp.get("/leads/")
@bp.arguments(schemas.LeadQuery, location="query")
@bp.response(200, page_of(schemas.Lead))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the leads, the latest first."""
    q = clean_line(query.get("search", ""))[:200]
    page = paging.numbered(lists.found(query.get("status", ""), query.get("assigned_to"), q), query)
    return {**page, "results": _shown(page["results"])}


@bp.post("/leads/")
@bp.arguments(schemas.LeadInput)
@bp.response(201, schemas.Lead)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Add a lead.

    Its customer is found by phone, e-mail or passport number where nothing contradicts, else made.
    """
    return _one(services.create_lead(_columns({"source": "API", **given}, None)))


@bp.get("/leads/<id:lead_id>/")
@bp.response(200, schemas.Lead)
def show(lead_id: int) -> dict[str, Any]:
    """Read a lead."""
    return _one(find(Lead, lead_id))


@bp.put("/leads/<id:lead_id>/")
@bp.arguments(schemas.LeadInput)
@bp.response(200, schemas.Lead)
def replace(given: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """Change a lead.

    What was read can be sent back: fields that can't be changed are ignored.
    """
    return _one(services.edit_lead(lead_id, _columns(given, find(Lead, lead_id))))


@bp.patch("/leads/<id:lead_id>/")
@bp.arguments(schemas.LeadChange)
@bp.response(200, schemas.Lead)
def change(given: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """Change some fields of a lead."""
    return _one(services.edit_lead(lead_id, _columns(given, find(Lead, lead_id))))


@bp.get("/leads/<id:lead_id>/follow-ups/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.FollowUp))
def follow_ups_index(query: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """List a lead's follow-ups, the latest first."""
    return paging.numbered(queries.parts_of_lead(FollowUp, find(Lead, lead_id).id), query)


@bp.post("/leads/<id:lead_id>/follow-ups/")
@bp.arguments(schemas.FollowUpInput)
@bp.response(201, schemas.FollowUp)
def create_follow_up(given: dict[str, Any], lead_id: int) -> FollowUp:
    """Plan to speak to a lead."""
    lead = find(Lead, lead_id)
    return follow_ups.add_follow_up(lead.id, Method(given["method"]), given["note"], given["due_at"])


@bp.get("/leads/<id:lead_id>/follow-ups/<id:follow_up_id>/")
@bp.response(200, schemas.FollowUp)
def show_follow_up(lead_id: int, follow_up_id: int) -> FollowUp:
    """Read a follow-up."""
    return _part(FollowUp, follow_up_id, lead_id)


@bp.patch("/leads/<id:lead_id>/follow-ups/<id:follow_up_id>/")
@bp.arguments(schemas.FollowUpChange)
@bp.response(200, schemas.FollowUp)
def change_follow_up(given: dict[str, Any], lead_id: int, follow_up_id: int) -> FollowUp:
    """Change a follow-up, or say that it is done.

    Done with `next_due_at`, it plans the next one; no longer `done`, it takes that back.
    """
    follow_up = _part(FollowUp, follow_up_id, lead_id)
    done, next_due_at = given.pop("done", None), given.pop("next_due_at", None)
    return follow_ups.edit_follow_up(follow_up.id, given, done=done, next_due_at=next_due_at)


@bp.get("/leads/<id:lead_id>/loan-commitments/")
@bp.arguments(PageQuery, location="query")
@bp.response(200, page_of(schemas.LoanCommitment))
def commitments_index(query: dict[str, Any], lead_id: int) -> dict[str, Any]:
    """List a lead's loan commitments, the latest first."""
    return paging.numbered(queries.parts_of_lead(LoanCommitment, find(Lead, lead_id).id), query)


@bp.post("/leads/<id:lead_id>/loan-commitments/")
@bp.arguments(schemas.LoanCommitmentInput)
@bp.response(201, schemas.LoanCommitment)
def create_commitment(given: dict[str, Any], lead_id: int) -> LoanCommitment:
    """Note what a lead promises to pay."""
    _check_day(given["promised_date"])
    return commitments.add_commitment(find(Lead, lead_id).id, given["amount"], given["promised_date"])


@bp.get("/leads/<id:lead_id>/loan-commitments/<id:commitment_id>/")
@bp.response(200, schemas.LoanCommitment)
def show_commitment(lead_id: int, commitment_id: int) -> LoanCommitment:
    """Read a loan commitment."""
    return _part(LoanCommitment, commitment_id, lead_id)


@bp.patch("/leads/<id:lead_id>/loan-commitments/<id:commitment_id>/")
@bp.arguments(schemas.LoanCommitmentChange)
@bp.response(200, schemas.LoanCommitment)
def change_commitment(given: dict[str, Any], lead_id: int, commitment_id: int) -> LoanCommitment:
    """Change a loan commitment, or say what became of it."""
    commitment = _part(LoanCommitment, commitment_id, lead_id)
    if "promised_date" in given:
        _check_day(given["promised_date"])
    return commitments.edit_commitment(commitment.id, given)


def _part(model: type[Part], id_: int, lead_id: int) -> Part:
    found = find(model, id_)
    if found.lead_id != lead_id:
        abort(404)
    return found


def _one(lead: Lead) -> dict[str, Any]:
    return _shown([lead])[0]


def _shown(leads: Sequence[Lead]) -> list[dict[str, Any]]:
    """Return leads as JSON, with the fields that other features add."""
    ids, fields = [lead.id for lead in leads], schemas.Lead().fields
    added = {name: values_of(ids) for name, values_of in catalog().lead_fields.items()}
    columns = [field.attribute or name for name, field in fields.items() if name not in added]
    return [
        {column: getattr(lead, column) for column in columns}
        | {name: values.get(lead.id) for name, values in added.items()}
        for lead in leads
    ]


def _columns(given: dict[str, Any], lead: Lead | None) -> dict[str, Any]:
    columns = dict(given)
    if "contact_number" in columns:
        columns["phone"] = columns.pop("contact_number")
    if "branch" in columns:
        branch = columns["branch_id"] = columns.pop("branch")
        if branch is not None and branch not in {known.id for known in branches()}:
            raise InputProblem({"branch": ["There is no branch with this id."]})
    if "assigned_to" in columns:
        user_id = columns["assigned_to_id"] = columns.pop("assigned_to")
        _check_assignment(user_id, columns.get("branch_id", lead.branch_id if lead else None), lead)
    return columns


def _check_assignment(user_id: int | None, branch_id: int | None, lead: Lead | None) -> None:
    """Refuse a user who doesn't work here; the one who had the lead before may keep it."""
    if lead is None or user_id != lead.assigned_to_id:
        bound = bound_branch()
        if problem := assignment_problem(user_id, branch_id if bound is None else bound):
            raise InputProblem({"assigned_to": [problem]})


def _check_day(day: dt.date) -> None:
    if problem := promised_date_problem(day):
        raise InputProblem({"promised_date": [problem]})
