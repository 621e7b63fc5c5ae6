"""What notices say, in the language of whom they are for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from crm.bookings.models import Booking, BookingStatus
from crm.values import clock, money
from crm.values.language import gettext as _
from crm.values.language import ngettext

Changes = Mapping[str, Sequence[Any]]

SEEN = ("date", "date_until", "service", "number")
"""Fields of a booking whose change its customers hear of, besides the status."""


def of_booking(booking: Booking, changes: Changes, today: dt.date, locale: str) -> str:
    """Return the sentence about a change of a booking, "" for one that is nobody's business but the shop's."""
    if booking.ends_on < today:
        return ""
    said = {"booking": booking.label, "day": clock.say_day(booking.date, locale)}
    if "status" in changes:
        if booking.state is BookingStatus.CONFIRMED:
            return _("Your booking %(booking)s on %(day)s is confirmed.", **said)
        if booking.state is BookingStatus.CANCELED:
            return _("Your booking %(booking)s on %(day)s is canceled.", **said)
    was_there = any(before is not None for before, _after in changes.values())
    if not was_there or booking.is_canceled:
        return ""
    if "date" in changes:
        return _("Your booking %(booking)s is now on %(day)s.", **said)
    if any(field in changes for field in SEEN):
        return _("Your booking %(booking)s has changed. It is on %(day)s.", **said)
    return ""


def of_points(points: int, day: dt.date, locale: str) -> str:
    """Return the sentence about points that are about to expire."""
    return ngettext(
        "%(num)s of your points is good until %(day)s. Spend it in time.",
        "%(num)s of your points are good until %(day)s. Spend them in time.",
        points,
        num=money.format_number(points, locale),
        day=clock.say_day(day, locale),
    )


def of_voucher(name: str, until: dt.date | None, locale: str) -> str:
    if until is None:
        return _("You have a voucher: %(name)s.", name=name)
    return _("You have a voucher: %(name)s. It is good until %(day)s.", name=name, day=clock.say_day(until, locale))
