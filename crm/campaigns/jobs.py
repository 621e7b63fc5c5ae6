"""Jobs for campaigns."""

from __future__ import annotations

from crm.campaigns.turns import KIND, go_on_in
from crm.kernel.work.organizations import each_organization


def go_on_campaign(organization_id: int) -> bool:
    """Return False when there is none."""
    return go_on_in(organization_id)


def go_on_due() -> bool:
    """Return True when there may be more."""
    return each_organization(KIND, go_on_in)
