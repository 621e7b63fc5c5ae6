"""Badges follow what customers do, in the same transaction."""

from __future__ import annotations

from typing import Any

from crm.badges.services import look_at
from crm.customers.models import Customer
from crm.invoices.models import Invoice
from crm.invoices.signals import invoice_added, invoice_changed, invoice_voided
from crm.visits.models import Visit
from crm.visits.signals import visit_taken_back, visited


@invoice_added.connect
@invoice_changed.connect
@invoice_voided.connect
def follow_invoice(invoice: Invoice, customer: Customer, **kwargs: Any) -> None:
    look_at(customer)


@visited.connect
def follow_check_in(customer: Customer, visit: Visit | None, **kwargs: Any) -> None:
    if visit is not None:
        look_at(customer)


@visit_taken_back.connect
def follow_what_was_taken_back(customer: Customer, **kwargs: Any) -> None:
    look_at(customer)
