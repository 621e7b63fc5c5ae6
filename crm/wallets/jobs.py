"""Jobs for wallets."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.wallets.services import KIND
from crm.wallets.sync import sync_next


def sync_due() -> bool:
    """Return True when there may be more."""
    return each_organization(KIND, sync_next)
