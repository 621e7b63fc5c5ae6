"""What visits do when something happens to invoices or customers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.signals import MergePair, customers_merged, customers_unmerged, person_erased
from crm.invoices.models import Invoice
from crm.invoices.signals import invoice_added, invoice_changed, invoice_voided
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.visits.services import recount
from crm.visits.signals import visited

NOTES = "visits"


@invoice_added.connect
def count_invoice(invoice: Invoice, customer: Customer, **kwargs: Any) -> None:
    db.session.flush()
    before, is_further = customer.visit_days, recount(customer)
    if customer.visit_days > before:
        visited.send(customer, visit=None, number=customer.visit_days, is_further=is_further)


@invoice_changed.connect
def follow_invoice(invoice: Invoice, customer: Customer, **kwargs: Any) -> None:
    """Count the days again: the invoice may have another date."""
    count_invoice(invoice, customer)


@invoice_voided.connect
def forget_invoice(invoice: Invoice, customer: Customer, **kwargs: Any) -> None:
    db.session.flush()
    recount(customer)


@customers_merged.connect
def count_both_as_one(pair: MergePair) -> None:
    """Keep the most days that either had, and note them for an undo."""
    pair.notes[NOTES] = {"kept": pair.survivor.most_visit_days, "gone": pair.merged.most_visit_days}
    pair.survivor.most_visit_days = max(pair.survivor.most_visit_days, pair.merged.most_visit_days)
    recount(pair.survivor)
    recount(pair.merged)


@customers_unmerged.connect
def count_each(pair: MergePair) -> None:
    before = pair.notes.get(NOTES, {})
    for customer, name in ((pair.survivor, "kept"), (pair.merged, "gone")):
        customer.most_visit_days = before.get(name, customer.most_visit_days)
        recount(customer)


@person_erased.connect
def count_what_is_left(rows: Mapping[str, Collection[int]], **kwargs: Any) -> None:
    """Count again: check-ins are deleted, and invoices stay where the law asks for them."""
    ids = rows.get(Customer.__tablename__, ())
    for customer in db.session.scalars(sa.select(Customer).where(one_of(Customer.id, ids))):
        recount(customer)
