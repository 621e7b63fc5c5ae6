"""The words for what happens to bookings, on the timelines of the customers who are persons of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from flask import url_for
from markupsafe import Markup

from crm.bookings.models import BookingStatus
from crm.bookings.rules import CONTACT, TOLD
from crm.customers.timeline import Happened, Told, Words
from crm.web.filters import amount, day, phone_number


def _created(happened: Happened) -> Told:
    number, date = happened.after("number"), happened.after("date")
    said = Markup("{} added, for {}").format(_link(happened, f"Booking {number}"), _shown("date", date, happened))
    sum_ = happened.after("amount")
    return Told(said + (f", {amount(sum_)}" if sum_ else ""))


def _edited(happened: Happened) -> Told:
    return Told(Markup("{} edited").format(_link(happened, "Booking")), list(_changes(TOLD, happened)))


def _person_edited(happened: Happened) -> Told:
    said = Markup("Edited as a person of {}").format(_link(happened, "a booking"))
    return Told(said, list(_changes(CONTACT, happened)))


def _simply(words: str) -> Words:
    """Tell in the same words each time, with a link to the booking in the place of `{}`."""

    def told(happened: Happened) -> Told:
        subject = "Booking" if words.startswith("{}") else "a booking"
        return Told(Markup(words).format(_link(happened, subject)))  # noqa: S704 -- words of our own

    return told


def _changes(fields: dict[str, str], happened: Happened) -> Iterator[str]:
    for field, label in fields.items():
        if field in happened.changes:
            before, after = (_shown(field, value, happened) for value in happened.changes[field])
            if before and after:
                yield f"{label} from {before} to {after}"
            else:
                yield f"{label} added: {after}" if after else f"{label} removed: {before}"


def _shown(field: str, value: object, happened: Happened) -> str:
    if not value:
        return ""
    text = str(value)
    if field == "branch_id":
        return happened.branches.get(int(text), "that is gone")
    if field == "phone":
        return phone_number(text, valid=text.startswith("+"))
    if field == "date":
        return day(dt.date.fromisoformat(text))
    if field == "amount":
        return amount(int(text))
    return BookingStatus(text).label.lower() if field == "status" else text


def _link(happened: Happened, text: str) -> Markup:
    page = url_for("bookings.show", booking_id=happened.subject_id)
    return Markup('<a href="{}">{}</a>').format(page, text)


WORDS: dict[str, Words | str] = {
    "booking.created": _created,
    "booking.edited": _edited,
    "booking.person_edited": _person_edited,
    "booking.canceled": _simply("{} canceled"),
    "booking.taken_up": _simply("{} taken up again"),
    "booking.joined": _simply("Added to {}"),
    "booking.left": _simply("Taken out of {}"),
}
"""How each event is told."""
