"""Activity texts for bookings, on the timelines of their guests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from flask import url_for
from markupsafe import Markup

from crm.bookings.models import BookingStatus
from crm.bookings.rules import CONTACT, TOLD
from crm.customers.timeline import Activity, ActivityEvent, ActivityText, shortened
from crm.values.language import N_
from crm.web.environment import gettext as _
from crm.web.filters import amount, day, phone_number


def _created(event: ActivityEvent) -> Activity:
    values = _link(event) | {
        "number": event.after("number"),
        "date": _shown("date", event.after("date"), event),
        "amount": _shown("amount", event.after("amount"), event),
    }
    if values["amount"]:
        return Activity(_("%(link)sBooking %(number)s%(end)s added, for %(date)s, %(amount)s", **values))
    return Activity(_("%(link)sBooking %(number)s%(end)s added, for %(date)s", **values))


def _edited(event: ActivityEvent) -> Activity:
    return Activity(_("%(link)sBooking%(end)s edited", **_link(event)), list(_changes(TOLD, event)))


def _person_edited(event: ActivityEvent) -> Activity:
    text = _("Edited as a guest of %(link)sa booking%(end)s", **_link(event))
    return Activity(text, list(_changes(CONTACT, event)))


def _document(sentence: str) -> ActivityText:
    def activity(event: ActivityEvent) -> Activity:
        return Activity(_(sentence, **_link(event), file=event.after("filename") or event.before("filename")))

    return activity


def _simply(sentence: str) -> ActivityText:
    """Return a fixed text, with a link to the booking between `link` and `end`."""

    def activity(event: ActivityEvent) -> Activity:
        return Activity(_(sentence, **_link(event)))

    return activity


def _changes(fields: dict[str, str], event: ActivityEvent) -> Iterator[str]:
    for field, label in fields.items():
        if field in event.changes:
            before, after = (_shown(field, value, event) for value in event.changes[field])
            if before and after:
                yield _("%(field)s from %(before)s to %(after)s", field=label, before=before, after=after)
            elif after:
                yield _("%(field)s added: %(value)s", field=label, value=after)
            else:
                yield _("%(field)s removed: %(value)s", field=label, value=before)


def _shown(field: str, value: object, event: ActivityEvent) -> str:
    if not value:
        return ""
    text = str(value)
    if field == "branch_id":
        return event.branches.get(int(text), _("a deleted branch"))
    if field == "phone":
        return phone_number(text, valid=text.startswith("+"))
    if field == "note":
        return shortened(text)
    if field in ("date", "date_until"):
        return day(dt.date.fromisoformat(text), inside=True)
    if field == "amount":
        return amount(int(text))
    return str(BookingStatus(text).label) if field == "status" else text


def _link(event: ActivityEvent) -> dict[str, str]:
    page = url_for("bookings.show", booking_id=event.subject_id)
    return {"link": Markup('<a href="{}">').format(page), "end": Markup("</a>")}


ACTIVITY: dict[str, ActivityText | str] = {
    "booking.created": _created,
    "booking.edited": _edited,
    "booking.person_edited": _person_edited,
    "booking.canceled": _simply(N_("%(link)sBooking%(end)s canceled")),
    "booking.taken_up": _simply(N_("%(link)sBooking%(end)s reopened")),
    "booking.document_added": _document(N_("Document %(file)s added to %(link)sa booking%(end)s")),
    "booking.document_removed": _document(N_("Document %(file)s removed from %(link)sa booking%(end)s")),
    "booking.joined": _simply(N_("Added to %(link)sa booking%(end)s")),
    "booking.left": _simply(N_("Removed from %(link)sa booking%(end)s")),
}
