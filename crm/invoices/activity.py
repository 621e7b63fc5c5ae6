"""Activity texts for a customer's invoices and receipts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from flask import url_for
from markupsafe import Markup

from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.values.language import N_
from crm.values.stored import shown
from crm.web.environment import gettext as _
from crm.web.filters import amount, day

EDITED = {"amount": N_("Amount"), "date": N_("Date"), "note": N_("Note"), "booking": N_("Booking")}


def _created(event: ActivityEvent) -> Activity:
    sum_ = amount(event.after("amount"), event.after("currency"))
    date = day(dt.date.fromisoformat(event.after("date")))
    note = event.after("note")
    text = _("%(link)sInvoice%(end)s of %(amount)s added, dated %(date)s", **_link(event), amount=sum_, date=date)
    booking = event.after("booking")
    lines = [_("For booking %(booking)s", booking=booking)] if booking else []
    return Activity(text, [*lines, shortened(note)] if note else lines)


def _edited(event: ActivityEvent) -> Activity:
    return Activity(_("%(link)sInvoice%(end)s edited", **_link(event)), list(_changes(event)))


def _changes(event: ActivityEvent) -> Iterator[str]:
    for field, label in EDITED.items():
        if field in event.changes:
            before, after = (_shown(field, value, event) for value in event.changes[field])
            if before and after:
                yield _("%(field)s from %(before)s to %(after)s", field=label, before=before, after=after)
            elif after:
                yield _("%(field)s added: %(value)s", field=label, value=after)
            else:
                yield _("%(field)s removed: %(value)s", field=label, value=before)


def _shown(field: str, value: Any, event: ActivityEvent) -> str:
    if not value:
        return ""
    if field == "amount":
        return amount(value, event.after("currency"))
    if field == "date":
        return day(dt.date.fromisoformat(value))
    return shortened(value) if field == "note" else str(value)


def _voided(event: ActivityEvent) -> Activity:
    return Activity(_("%(link)sInvoice%(end)s voided", **_link(event)))


def _receipt(sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        text = _(sentence, **_link(event, "receipt"), file=event.after("filename") or "")
        return Activity(text, [shown(reason)] if (reason := event.after("reason")) else [], by="")

    return activity


def _link(event: ActivityEvent, anchor: str = "invoice") -> dict[str, str]:
    """Return the tags around the words that lead to the row."""
    page = url_for("customers.show", customer_id=event.customer_id, _anchor=f"{anchor}-{event.subject_id}")
    return {"link": Markup('<a href="{}">').format(page), "end": Markup("</a>")}


ACTIVITY: dict[str, ActivityText | str] = {
    "invoice.created": _created,
    "invoice.edited": _edited,
    "invoice.voided": _voided,
    "orders.rebuilt": N_("Orders counted again from the invoices"),
    "receipt.added": _receipt(N_("%(link)sReceipt%(end)s %(file)s added")),
    "receipt.ready": _receipt(N_("%(link)sReceipt%(end)s is ready as a PDF")),
    "receipt.failed": _receipt(N_("%(link)sReceipt%(end)s could not be converted")),
    "receipt.retried": _receipt(N_("%(link)sReceipt%(end)s is being converted again")),
}
