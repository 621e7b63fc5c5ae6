"""Activity texts for bookings, on the timelines of their persons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from flask import url_for
from markupsafe import Markup

from crm.bookings.models import BookingStatus
from crm.bookings.rules import CONTACT, TOLD
from crm.customers.timeline import Activity, ActivityEvent, ActivityText
from crm.web.filters import amount, day, phone_number


def _created(event: ActivityEvent) -> Activity:
    number, date = event.after("number"), event.after("date")
    text = Markup("{} added, for {}").format(_link(event, f"Booking {number}"), _shown("date", date, event))
    sum_ = event.after("amount")
    return Activity(text + (f", {amount(sum_)}" if sum_ else ""))


def _edited(event: ActivityEvent) -> Activity:
    return Activity(Markup("{} edited").format(_link(event, "Booking")), list(_changes(TOLD, event)))


def _person_edited(event: ActivityEvent) -> Activity:
    text = Markup("Edited as a person of {}").format(_link(event, "a booking"))
    return Activity(text, list(_changes(CONTACT, event)))


def _simply(words: str) -> ActivityText:
    """Return a fixed text with a link to the booking in the place of `{}`."""

    def activity(event: ActivityEvent) -> Activity:
        subject = "Booking" if words.startswith("{}") else "a booking"
        return Activity(Markup(words).format(_link(event, subject)))  # noqa: S704 -- words of our own

    return activity


def _changes(fields: dict[str, str], event: ActivityEvent) -> Iterator[str]:
    for field, label in fields.items():
        if field in event.changes:
            before, after = (_shown(field, value, event) for value in event.changes[field])
            if before and after:
                yield f"{label} from {before} to {after}"
            else:
                yield f"{label} added: {after}" if after else f"{label} removed: {before}"


def _shown(field: str, value: object, event: ActivityEvent) -> str:
    if not value:
        return ""
    text = str(value)
    if field == "branch_id":
        return event.branches.get(int(text), "that is gone")
    if field == "phone":
        return phone_number(text, valid=text.startswith("+"))
    if field == "date":
        return day(dt.date.fromisoformat(text))
    if field == "amount":
        return amount(int(text))
    return BookingStatus(text).label.lower() if field == "status" else text


def _link(event: ActivityEvent, text: str) -> Markup:
    page = url_for("bookings.show", booking_id=event.subject_id)
    return Markup('<a href="{}">{}</a>').format(page, text)


ACTIVITY: dict[str, ActivityText | str] = {
    "booking.created": _created,
    "booking.edited": _edited,
    "booking.person_edited": _person_edited,
    "booking.canceled": _simply("{} canceled"),
    "booking.taken_up": _simply("{} taken up again"),
    "booking.joined": _simply("Added to {}"),
    "booking.left": _simply("Taken out of {}"),
}
