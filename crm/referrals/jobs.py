"""Jobs of referrals."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.referrals.services import HOLD, LAPSE, end_hold_in, lapse_in


def go_on_due() -> bool:
    """Return True when there may be more."""
    rewarded = each_organization(HOLD, end_hold_in)
    return each_organization(LAPSE, lapse_in) or rewarded
