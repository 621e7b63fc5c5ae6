"""People in JSON, read for the upsert."""

from __future__ import annotations

from typing import Any

from crm.accounts.queries import branches, current_organization
from crm.kernel.problems import InputProblem
from crm.people.contact_fields import ContactFields, without_placeholders
from crm.people.person import NOW, Intake
from crm.values import clock


def intake_of(given: dict[str, Any], source: str, *, keeps_branch: bool = False) -> Intake:
    """Read a person, from `source` unless the values name one; raises InputProblem.

    Future activity becomes now. `keeps_branch` leaves the branch as it is.
    """
    _check_place(given)
    values = {**given, "name": given.get("full_name") or given["name"], "source": given.get("source") or source}
    contact = ContactFields.read(without_placeholders(values), current_organization().phone_region)
    if contact.problems:
        raise InputProblem(contact.sentences())
    last_activity = given.get("last_activity")
    at = min(last_activity, clock.utcnow()) if last_activity else NOW
    return Intake(contact, None if keeps_branch else given.get("branch"), at)


def _check_place(given: dict[str, Any]) -> None:
    organization, asked = current_organization(), given.get("organization")
    if asked not in (None, "", organization.id, str(organization.id), organization.slug):
        raise InputProblem({"organization": ["Tenant not found"]})
    branch = given.get("branch")
    if branch is not None and branch not in {known.id for known in branches()}:
        raise InputProblem({"branch": ["There is no branch with this id."]})
