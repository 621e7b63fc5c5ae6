"""The times that the form of a message offers, on the organization's clocks."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm.accounts.models import Organization
from crm.values import clock
from crm.values.language import gettext as _

MORNING, EVENING = dt.time(9), dt.time(18)
SOON = dt.timedelta(minutes=5)
"""A time so close is not offered: it is now."""


class OfferedTime(NamedTuple):
    """What the fields get when it is chosen: a number of days, or a local time; neither for a time of one's own."""

    code: str
    label: str
    in_days: str = ""
    send_at: str = ""


def offered_times(organization: Organization, now: dt.datetime) -> list[OfferedTime]:
    """Return the choices; a time in quiet hours becomes their end on that day, or is left out."""
    zone = clock.zone(organization.time_zone)
    today = clock.to_local(now, zone).date()

    def later(code: str, days: int, time: dt.time, label: str, *, shows_time: bool = True) -> list[OfferedTime]:
        moment = _outside_quiet_hours(dt.datetime.combine(today + dt.timedelta(days), time), organization, zone)
        if moment is None or moment < now + SOON:
            return []
        local = clock.to_local(moment, zone)
        said = f"{label} {local:%H:%M}" if shows_time else label
        return [OfferedTime(code, said, send_at=f"{local:%Y-%m-%dT%H:%M}")]

    return [
        OfferedTime("now", _("Now"), in_days="0"),
        *later("evening", 0, EVENING, _("This evening")),
        *later("tomorrow", 1, MORNING, _("Tomorrow")),
        *later("three_days", 3, MORNING, _("In 3 days"), shows_time=False),
        *later("week", 7, MORNING, _("Next week"), shows_time=False),
        OfferedTime("pick", _("Pick a time")),
    ]


def quiet_until(moment: dt.datetime, organization: Organization) -> dt.datetime | None:
    """Return when a message due at `moment` leaves, if quiet hours hold it."""
    zone = clock.zone(organization.time_zone)
    end = clock.quiet_end(moment, zone, organization.quiet_from, organization.quiet_until)
    return end if end > moment else None


def _outside_quiet_hours(naive: dt.datetime, organization: Organization, zone: ZoneInfo) -> dt.datetime | None:
    moment = clock.at_or_after(naive, zone)
    moment = quiet_until(moment, organization) or moment
    return moment if clock.to_local(moment, zone).date() == naive.date() else None
