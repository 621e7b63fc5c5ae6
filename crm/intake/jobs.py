"""Jobs of the worker: scans."""

from __future__ import annotations

from crm.intake.scan import SCAN


def go_on_scan(organization_id: int) -> bool:
    return SCAN.go_on_in(organization_id)


def go_on_scans_due() -> bool:
    return SCAN.go_on_everywhere()
