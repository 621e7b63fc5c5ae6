"""The words for what happens to a customer's invoices and receipts."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup

from crm.customers.timeline import Happened, Told, Words, shortened
from crm.web.filters import amount, day


def _created(happened: Happened) -> Told:
    name = happened.link("Invoice", "invoice")
    sum_ = amount(happened.after("amount"), happened.after("currency"))
    date = day(dt.date.fromisoformat(happened.after("date")))
    note = happened.after("note")
    said = Markup("{} of {} added, dated {}").format(name, sum_, date)
    return Told(said, [shortened(note)] if note else [])


def _voided(happened: Happened) -> Told:
    return Told(Markup("{} voided").format(happened.link("Invoice", "invoice")))


def _receipt(words: str) -> Words:
    def told(happened: Happened) -> Told:
        name = happened.after("filename")
        said = Markup("{}{} {}").format(happened.link("Receipt", "receipt"), f" {name}" if name else "", words)
        return Told(said, [reason] if (reason := happened.after("reason")) else [], by="")

    return told


WORDS: dict[str, Words | str] = {
    "invoice.created": _created,
    "invoice.voided": _voided,
    "orders.rebuilt": "Orders counted again from the invoices",
    "receipt.added": _receipt("added"),
    "receipt.ready": _receipt("is ready as a PDF"),
    "receipt.failed": _receipt("could not be converted"),
    "receipt.retried": _receipt("is to be converted again"),
}
"""How each event is told."""
