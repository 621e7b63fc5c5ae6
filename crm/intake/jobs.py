"""What the worker runs for collection."""

from __future__ import annotations

import logging

from crm.intake import queries, services
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due

PAUSE = 0.02
"""Seconds between two batches: SQLite has one writer at a time, and pages are to have their turn."""

log = logging.getLogger(__name__)


def go_on_scan(organization_id: int) -> bool:
    """Do a batch of a scan of an organization; False when there is none."""
    with use_organization(organization_id):
        scan = queries.find_due()
    if scan is None:
        return False
    with use_organization(organization_id, scan.user_id, scan.branch_id):
        services.go_on_scan(scan.id)
    return True


def go_on_scans_due() -> bool:
    """Do a batch of a scan of every organization; True when there may be more."""
    more = False
    for organization_id in due.organizations_with_due(queries.SCAN):
        if stopping.is_set():
            return False
        try:
            more |= go_on_scan(organization_id)
        except Exception:
            # One organization's trouble is not the others'; it is tried again.
            log.exception("organization %d: a scan did not go on", organization_id)
        stopping.wait(PAUSE)
    return more
