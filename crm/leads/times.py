"""The times that are offered for a follow-up, and what a form says of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

from crm.values import clock
from crm.values.language import gettext as _

PICK = "pick"
"""The choice of a time of one's own."""

MORNING, EVENING = dt.time(9), dt.time(17)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", re.ASCII)


class Time(NamedTuple):
    """`value` is local, as 2026-11-24T09:00."""

    value: str
    label: str


def offered(now: dt.datetime, zone: ZoneInfo) -> Iterator[Time]:
    """Yield today at five, while that is to come, and some mornings."""
    local = clock.to_local(now, zone)
    if local.time() < EVENING:
        yield _time(local.date(), EVENING, _("Today %(time)s", time=f"{EVENING:%H:%M}"))
    labels = {1: _("Tomorrow %(time)s", time=f"{MORNING:%H:%M}"), 3: _("In 3 days"), 7: _("Next week")}
    for days, label in labels.items():
        yield _time(local.date() + dt.timedelta(days=days), MORNING, label)


def tomorrow(now: dt.datetime, zone: ZoneInfo) -> str:
    return _time(clock.to_local(now, zone).date() + dt.timedelta(days=1), MORNING, "").value


def moment_of(text: str, zone: ZoneInfo) -> dt.datetime:
    """Read a local time; raises ValueError with a sentence."""
    if not _MOMENT.fullmatch(text):
        raise ValueError(_("Enter a date and time like 2026-11-24T09:00."))
    try:
        naive = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_("There is no such date or time. Check the day and the hour.")) from None
    return clock.from_local(naive, zone)[0]


def _time(day: dt.date, time: dt.time, label: str) -> Time:
    return Time(f"{day}T{time:%H:%M}", label)
