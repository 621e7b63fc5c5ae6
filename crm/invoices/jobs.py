"""What the worker runs for invoices and receipts."""

from __future__ import annotations

import logging

from crm.invoices import recompute_totals
from crm.invoices.orphans import OLD, remove_orphans
from crm.invoices.receipts.convert import convert_next, convert_one, remove_workplaces
from crm.invoices.services import KIND
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due

log = logging.getLogger(__name__)


def convert_receipt(organization_id: int, receipt_id: int) -> None:
    """Convert a receipt as soon as it is uploaded."""
    with use_organization(organization_id):
        convert_one(receipt_id)


def convert_due() -> bool:
    """Convert a due receipt of every organization; True when there may be more."""
    more = False
    for organization_id in due.organizations_with_due(KIND):
        if stopping.is_set():
            return False
        try:
            with use_organization(organization_id):
                more |= convert_next()
        except Exception:
            # One organization's trouble is not the others'; the lease brings the receipt back.
            log.exception("organization %d: conversion failed", organization_id)
    return more


def recount_due() -> None:
    """Count the orders of every organization again for which that is due."""
    for organization_id in due.organizations_with_due(recompute_totals.KIND):
        try:
            with use_organization(organization_id):
                recompute_totals.recount()
        except Exception:
            # One organization's trouble is not the others'; it is tried again.
            log.exception("organization %d: orders were not counted again", organization_id)


def sweep() -> None:
    """Remove files that no receipt names, and what killed workers left behind."""
    remove_orphans()
    remove_workplaces(OLD)
