"""The form that links an invoice to a booking."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import RadioField, ValidationError

from crm.invoices.models import Invoice
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.filters import amount, day
from crm.web.forms import Form, options

CHOOSE = N_("Choose an invoice.")


class LinkForm(Form):
    invoice = RadioField(N_("Invoice"), validate_choice=False)

    def __init__(self, invoices: Sequence[Invoice], linked: Sequence[Invoice]) -> None:
        """Offer `invoices`; one of those that are `linked` was chosen by the same form before."""
        super().__init__()
        self._known = {str(invoice.id) for invoice in (*invoices, *linked) if not invoice.is_void}
        self.invoice.choices = options((invoice.id, _described(invoice)) for invoice in invoices)

    def validate_invoice(self, field: RadioField) -> None:
        """Refuse one that was linked, voided or hidden meanwhile, too."""
        if field.data not in self._known:
            raise ValidationError(CHOOSE)


def _described(invoice: Invoice) -> str:
    shown = {"amount": amount(invoice.amount, invoice.currency), "date": day(invoice.date)}
    return _("%(amount)s, %(date)s, %(name)s", **shown, name=invoice.customer.name)
