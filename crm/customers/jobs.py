"""Jobs for customers."""

from __future__ import annotations

from crm.customers.bulk import BULK


def go_on_bulk(organization_id: int) -> bool:
    """Return False when there is none."""
    return BULK.go_on_in(organization_id)


def go_on_bulk_due() -> bool:
    """Return True when there may be more."""
    return BULK.go_on_everywhere()
