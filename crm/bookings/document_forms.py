"""The form of a booking's documents."""

from __future__ import annotations

from crm.invoices.forms import NewReceiptsForm, ReceiptsField
from crm.values.language import N_


class DocumentsForm(NewReceiptsForm):
    receipt = ReceiptsField(N_("Documents"))
    missing = N_("Choose a document: a photo or a PDF.")
