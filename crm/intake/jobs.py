"""What the worker runs for scans."""

from __future__ import annotations

from crm.intake.scan import SCAN


def go_on_scan(organization_id: int) -> bool:
    """Do a batch of a scan of an organization; False when there is none."""
    return SCAN.go_on_in(organization_id)


def go_on_scans_due() -> bool:
    """Do a batch of a scan of every organization; True when there may be more."""
    return SCAN.go_on_everywhere()
