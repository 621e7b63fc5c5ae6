"""Jobs for web push."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.web_push.expiring import tell_next
from crm.web_push.sending import send_next
from crm.web_push.services import EXPIRING, KIND

BATCH = 20
"""Notices of an organization in one turn."""


def send_due_in(organization_id: int) -> None:
    _send_some(organization_id)


def send_due() -> bool:
    """Return True when there may be more."""
    return each_organization(KIND, _send_some)


def _send_some(organization_id: int) -> bool:
    return all(send_next(organization_id) for _ in range(BATCH))


def tell_of_points() -> bool:
    """Return False: each organization is looked at once a day."""
    return each_organization(EXPIRING, tell_next)
