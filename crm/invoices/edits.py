"""The editing of open invoices: one user's intent and one transaction."""

from __future__ import annotations

from typing import Any, TypedDict

from crm.invoices import orders, queries
from crm.invoices.models import Invoice
from crm.invoices.queries import points_key
from crm.invoices.services import lock_invoice, sale_of, text_of
from crm.invoices.signals import invoice_changed
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import changes_of, record
from crm.loyalty import services as loyalty
from crm.values.language import N_
from crm.values.language import gettext as _

VOID = N_("This invoice is void, so it can't be changed. Add a new invoice instead.")
FIELDS = ("amount", "date", "note", "booking_id")


class Values(TypedDict, total=False):
    amount: int
    date: Any
    note: str
    booking_id: int | None


class StaleError(Exception):
    """Somebody saved the invoice after the form had been opened."""


def edit_invoice(invoice_id: int, values: Values, version: str | None = None) -> Invoice:
    """Change an open invoice, the customer's totals, and the points that it earned, by the rules that earned them.

    Raises ConflictError for a void one, and StaleError when it was changed since `version`.
    """
    with transaction():
        customer, invoice = lock_invoice(invoice_id)
        if invoice.is_void:
            raise ConflictError(_(VOID))
        is_stale = version is not None and version != invoice.version
        amount_before, booking_before = invoice.amount, invoice.booking_id
        for field in FIELDS:
            setattr(invoice, field, values.get(field, getattr(invoice, field)))
        changes = changes_of(invoice)
        if not changes:
            return invoice
        if is_stale:
            raise StaleError
        invoice.search_text, invoice.edited_at = text_of(invoice.note), db_now()
        if changes.keys() & {"amount", "date"}:
            orders.change_order(customer, amount_before, invoice)
        if changes.pop("booking_id", None):
            changes["booking"] = [_called(booking_before), _called(invoice.booking_id)]
        told = {**changes, "currency": [invoice.currency, invoice.currency]}
        record("invoice.edited", invoice, customer_id=customer.id, changes=told)
        if invoice.amount != amount_before:
            sale = sale_of(invoice, customer)
            loyalty.re_earn(customer.id, points_key(invoice.id), amount_before, invoice.amount, sale)
        invoice_changed.send(invoice, customer=customer, before_amount=amount_before)
        return invoice


def _called(booking_id: int | None) -> str:
    return (queries.booking_called(booking_id) or str(booking_id)) if booking_id else ""
