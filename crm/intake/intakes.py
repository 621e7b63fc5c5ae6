"""People as other systems tell of them, read for the one upsert."""

from __future__ import annotations

from typing import Any

from crm.accounts.queries import branches, current_organization
from crm.kernel.problems import InputProblem
from crm.people.identity import EmailError, is_placeholder, normalize_email
from crm.people.person import Intake
from crm.values import clock


def intake_of(given: dict[str, Any], source: str, *, keeps_branch: bool = False) -> Intake:
    """Return what was sent of a person, from `source` unless another one is named; raises InputProblem.

    Nobody was active later than now. With `keeps_branch` the branch is left as it is.
    """
    _check_place(given)
    last_activity, now = given.get("last_activity"), clock.utcnow()
    return Intake(
        name=given.get("full_name") or given["name"],
        phone=given.get("phone") or "",
        email=_email(given.get("email") or ""),
        passport_number=given.get("passport_number") or "",
        city=given.get("city") or "",
        service_type=given.get("service_type") or "",
        branch_id=None if keeps_branch else given.get("branch"),
        source=given.get("source") or source,
        last_activity=min(last_activity, now) if last_activity else None,
    )


def _email(typed: str) -> str:
    """Return an address; what is none is refused, for a customer can't have it and it would be lost."""
    if not is_placeholder(typed):
        try:
            normalize_email(typed)
        except EmailError as error:
            raise InputProblem({"email": [str(error)]}) from None
    return typed


def _check_place(given: dict[str, Any]) -> None:
    organization, asked = current_organization(), given.get("organization")
    if asked not in (None, "", organization.id, str(organization.id), organization.slug):
        raise InputProblem({"organization": ["Tenant not found"]})
    branch = given.get("branch")
    if branch is not None and branch not in {known.id for known in branches()}:
        raise InputProblem({"branch": ["There is no branch with this id."]})
