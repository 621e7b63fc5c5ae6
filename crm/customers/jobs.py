"""What the worker runs for customers."""

from __future__ import annotations

import logging

from crm.customers import services
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due

PAUSE = 0.05
"""Seconds between two batches: SQLite has one writer at a time, and pages are to have their turn."""

log = logging.getLogger(__name__)


def go_on_bulk(organization_id: int) -> bool:
    """Do a batch of a bulk change of an organization; False when there is none."""
    with use_organization(organization_id):
        change = services.find_due_bulk()
    if change is None:
        return False
    # What is undone is undone for whoever asked for that; both see no more than they saw then.
    with use_organization(organization_id, change.undone_by_id or change.user_id, change.branch_id):
        services.go_on_bulk(change.id)
    return True


def go_on_bulk_due() -> bool:
    """Do a batch of a bulk change of every organization; True when there may be more."""
    more = False
    for organization_id in due.organizations_with_due(services.BULK):
        if stopping.is_set():
            return False
        try:
            more |= go_on_bulk(organization_id)
        except Exception:
            # One organization's trouble is not the others'; it is tried again.
            log.exception("organization %d: a bulk change did not go on", organization_id)
        stopping.wait(PAUSE)
    return more
