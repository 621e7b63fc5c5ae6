"""What the worker runs for invoices and receipts."""

from __future__ import annotations

from crm.invoices import recompute_totals
from crm.invoices.orphans import OLD, remove_orphans
from crm.invoices.receipts.convert import convert_next, remove_workplaces
from crm.invoices.services import KIND
from crm.kernel.work.organizations import each_organization


def convert_receipt(organization_id: int, receipt_id: int) -> None:
    """Convert a receipt as soon as it is uploaded."""
    convert_next(organization_id, receipt_id)


def convert_due() -> bool:
    """Convert a due receipt of every organization; True when there may be more."""
    return each_organization(KIND, convert_next)


def recount_due() -> None:
    """Count the orders of every organization again for which that is due."""
    each_organization(recompute_totals.KIND, recompute_totals.recount)


def sweep() -> None:
    """Remove files that no receipt names, and what killed workers left behind."""
    remove_orphans()
    remove_workplaces(OLD)
