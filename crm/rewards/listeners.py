"""What vouchers do when something happens below them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.signals import customer_deleting
from crm.invoices.models import Invoice
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.rewards.models import Voucher


@customer_deleting.connect
def forget_invoices(customer: Customer, **kwargs: Any) -> None:
    """Detach vouchers of others from the customer's invoices: a merge that was undone leaves such."""
    everywhere = {"all_branches": True}
    theirs = sa.select(Invoice.id).where(Invoice.customer_id == customer.id)
    invoices = list(db.session.scalars(theirs, execution_options=everywhere))
    if invoices:
        used = sa.update(Voucher).where(one_of(Voucher.invoice_id, invoices), Voucher.customer_id != customer.id)
        db.session.execute(used.values(invoice_id=None), execution_options={**everywhere, "synchronize_session": False})
