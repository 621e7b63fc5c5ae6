"""Jobs of automations."""

from __future__ import annotations

from crm.automations.services import KIND, go_on_in
from crm.kernel.work.organizations import each_organization


def go_on_due() -> bool:
    """Return True when there may be more."""
    return each_organization(KIND, go_on_in)
