"""Jobs for bookings."""

from __future__ import annotations

from crm.bookings.documents import REMOVED, delete_removed
from crm.kernel.work.organizations import each_organization


def delete_removed_documents() -> bool:
    """Return True when there may be more."""
    return each_organization(REMOVED, delete_removed)
