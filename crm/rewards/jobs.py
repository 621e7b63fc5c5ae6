"""Jobs of vouchers."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.rewards.expiry import expire_in
from crm.rewards.services import EXPIRY


def expire_due() -> bool:
    """Return True when there may be more."""
    return each_organization(EXPIRY, expire_in)
