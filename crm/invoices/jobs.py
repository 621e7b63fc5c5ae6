"""Jobs for invoices and receipts."""

from __future__ import annotations

from crm.invoices import recompute_totals
from crm.invoices.orphans import ORPHAN_AGE, remove_orphans
from crm.invoices.receipts.convert import convert_next, remove_stale_folders
from crm.invoices.services import KIND
from crm.kernel.work.organizations import each_organization


def convert_receipt(organization_id: int, receipt_id: int) -> None:
    convert_next(organization_id, receipt_id)


def convert_due() -> bool:
    """Return True when there may be more."""
    return each_organization(KIND, convert_next)


def recompute_totals_due() -> None:
    each_organization(recompute_totals.KIND, recompute_totals.recompute_if_due)


def remove_leftovers() -> None:
    remove_orphans()
    remove_stale_folders(ORPHAN_AGE)
