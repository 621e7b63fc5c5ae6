"""Jobs of points."""

from __future__ import annotations

from crm.kernel.work.organizations import each_organization
from crm.loyalty import nightly


def expire_due() -> bool:
    """Close lots and find tiers anew where a day is over; True when there may be more."""
    return each_organization(nightly.KIND, nightly.do_if_due)
