"""Jobs for exports."""

from __future__ import annotations

from crm.exports import services
from crm.kernel.work.organizations import each_organization


def write_due_in(organization_id: int) -> None:
    services.write_next(organization_id)


def write_due() -> bool:
    """Return True when there may be more."""
    return each_organization(services.KIND, services.write_next)
