"""Activity texts for a customer's invoices and receipts."""

from __future__ import annotations

import datetime as dt

from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.web.filters import amount, day


def _created(event: ActivityEvent) -> Activity:
    name = event.link("Invoice", "invoice")
    sum_ = amount(event.after("amount"), event.after("currency"))
    date = day(dt.date.fromisoformat(event.after("date")))
    note = event.after("note")
    text = Markup("{} of {} added, dated {}").format(name, sum_, date)
    return Activity(text, [shortened(note)] if note else [])


def _voided(event: ActivityEvent) -> Activity:
    return Activity(Markup("{} voided").format(event.link("Invoice", "invoice")))


def _receipt(words: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        name = event.after("filename")
        text = Markup("{}{} {}").format(event.link("Receipt", "receipt"), f" {name}" if name else "", words)
        return Activity(text, [reason] if (reason := event.after("reason")) else [], by="")

    return activity


ACTIVITY: dict[str, ActivityText | str] = {
    "invoice.created": _created,
    "invoice.voided": _voided,
    "orders.rebuilt": "Orders counted again from the invoices",
    "receipt.added": _receipt("added"),
    "receipt.ready": _receipt("is ready as a PDF"),
    "receipt.failed": _receipt("could not be converted"),
    "receipt.retried": _receipt("is to be converted again"),
}
