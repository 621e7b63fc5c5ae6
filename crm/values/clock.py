"""Time: UTC in the database, the organization's zone and the reader's language at the edges; moments are aware."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale

from crm.values.language import N_, current, date_locale
from crm.values.language import gettext as _

MAX_DAYS = 731
"""The limit of `in_days`: two years, one of them a leap year."""

ISO_DAY = len("2026-11-02")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?", re.ASCII)
_YEARS = range(1900, 2201)


class NonexistentTime(ValueError):  # noqa: N818 -- it names what was typed, not a fault
    """The clocks skip this time; the message is a sentence for people."""


def utcnow() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    try:
        found = ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        found = None
    # Exclude the machine's own zone and the copies with leap seconds.
    if found is None or name.startswith(("posix", "right/")) or name in ("Factory", "localtime"):
        raise ValueError(_("Choose a time zone from the list, like %(zone)s.", zone="Asia/Jakarta"))
    return found


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    places = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ("UTC", *sorted(places))


def to_local(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    _check_aware(moment)
    return moment.astimezone(zone)


def from_local(naive: dt.datetime, zone: ZoneInfo) -> tuple[dt.datetime, str | None]:
    """Return a local time in UTC, and a note if it occurs twice (the first counts).

    Raises ValueError with a sentence.
    """
    if naive.year not in _YEARS:
        raise ValueError(_("Enter a year from %(first)s to %(last)s.", first=_YEARS[0], last=_YEARS[-1]))
    naive = naive.replace(tzinfo=None)
    shown = {"time": f"{naive:%H:%M}", "day": _long_date(naive.date()), "zone": zone.key}
    if _is_skipped(naive, zone):
        resume = _end_of_gap(naive, zone).astimezone(zone)
        raise NonexistentTime(_(_SKIPPED, **shown, later=f"{resume:%H:%M}"))
    first, second = (naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    return first, _(_TWICE, **shown) if first != second else None


def at_or_after(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the first UTC moment at which clocks show `naive`; the end of the gap if they skip it."""
    if _is_skipped(naive, zone):
        return _end_of_gap(naive, zone)
    return naive.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


@lru_cache(maxsize=1024)
def end_of_day(day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return the last UTC moment of a day."""
    return at_or_after(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()), zone) - dt.timedelta(microseconds=1)


def in_days(days: int, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return the UTC moment `days` later at the same local time; a skipped one is moved by the length of the gap."""
    if not 0 <= days <= MAX_DAYS:
        raise ValueError(_("Enter a number of days from 0 to %(limit)s.", limit=MAX_DAYS))
    _check_aware(now)
    if days == 0:
        return now.astimezone(dt.UTC)
    local = now.astimezone(zone).replace(tzinfo=None, fold=0) + dt.timedelta(days=days)
    return local.replace(tzinfo=zone).astimezone(dt.UTC)


def in_quiet_hours(now: dt.datetime, zone: ZoneInfo, quiet_from: dt.time | None, quiet_until: dt.time | None) -> bool:
    """Exclude the end; equal times mean no quiet hours."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return False
    time = to_local(now, zone).time()
    if quiet_from < quiet_until:
        return quiet_from <= time < quiet_until
    return time >= quiet_from or time < quiet_until


def quiet_end(now: dt.datetime, zone: ZoneInfo, quiet_from: dt.time | None, quiet_until: dt.time | None) -> dt.datetime:
    end = now.astimezone(dt.UTC)
    # A change of the clocks can move the end back into quiet hours.
    while quiet_until is not None and in_quiet_hours(end, zone, quiet_from, quiet_until):
        end = _next_time(end, zone, quiet_until)
    return end


def say_when(
    moment: dt.datetime, now: dt.datetime, zone: dt.tzinfo, locale: str = "en_GB", *, inside: bool = False
) -> str:
    """Return `Today 10:30`, `Mon 24 Nov 09:00`; with the year if it is another one; `today` inside a sentence."""
    local, today = to_local(moment, zone), to_local(now, zone).date()
    day = local.date()
    if (days := (day - today).days) in _NEAR_AT:
        return _((_NEAR_AT_INSIDE if inside else _NEAR_AT)[days], time=f"{local:%H:%M}")
    return f"{_names(locale).short_days[day.weekday()]} {_short_date(day, today, locale)} {local:%H:%M}"


def say_full(moment: dt.datetime, zone: ZoneInfo, locale: str = "en_GB") -> str:
    local = to_local(moment, zone)
    day, time = _long_date(local.date(), locale), f"{local:%H:%M}"
    return _("%(day)s at %(time)s (%(zone)s)", day=day, time=time, zone=zone.key)


def say_date(day: dt.date, today: dt.date, locale: str = "en_GB", *, inside: bool = False) -> str:
    """Return `Yesterday`, `12 Nov`, `12 Nov 2025`; `yesterday` inside a sentence."""
    near = (_NEAR_INSIDE if inside else _NEAR).get((day - today).days)
    return _(near) if near else _short_date(day, today, locale)


def say_day(day: dt.date, locale: str = "en_GB") -> str:
    return _long_date(day, locale)


def say_birthday(written: str, locale: str = "en_GB") -> str:
    """Return `14 February 1990`, or `14 February` without a year, of `1990-02-14` or `02-14`."""
    month, day, year = _names(locale).months[int(written[-5:-3]) - 1], int(written[-2:]), written[:-6]
    if _is_month_first(locale):
        return f"{month} {day}, {year}" if year else f"{month} {day}"
    return f"{day} {month} {year}" if year else f"{day} {month}"


def say_weekday(day: int) -> str:
    """Return the name of a day of the week, Monday is 0, in the reader's language."""
    return _names(current().locale).days[day]


def say_iso(text: str) -> str:
    """Return `2 November 2026`, or `Mon 2 Nov 2026 09:00` where there is a time; another text as it is."""
    try:
        moment = dt.datetime.fromisoformat(text) if _ISO.fullmatch(text) else None
    except ValueError:
        moment = None
    if moment is None:
        return text
    names, month = _names(current().locale), moment.month - 1
    if len(text) == ISO_DAY:
        return f"{moment.day} {names.months[month]} {moment.year}"
    return f"{names.short_days[moment.weekday()]} {moment.day} {names.short_months[month]} {moment:%Y %H:%M}"


def iso(moment: dt.datetime, zone: dt.tzinfo) -> str:
    """Return a moment as a stored sentence keeps it, for `say_iso`."""
    return f"{to_local(moment, zone):%Y-%m-%d %H:%M}"


def month_of(moment: dt.datetime, zone: dt.tzinfo) -> str:
    return f"{to_local(moment, zone):%Y-%m}"


def say_month(month: str) -> str:
    year, number = month.split("-")
    return f"{_names('en').months[int(number) - 1]} {year}"


def _check_aware(moment: dt.datetime) -> None:
    if moment.tzinfo is None:
        raise TypeError(f"naive datetime {moment!r}")


def _is_skipped(naive: dt.datetime, zone: ZoneInfo) -> bool:
    back = naive.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone)
    return back.replace(tzinfo=None, fold=0) != naive.replace(fold=0)


def _end_of_gap(naive: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    # PEP 495: in a gap, fold 0 has the offset from before it, which gives a moment after it; fold 1 the reverse.
    after, before = (naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
    offset = before.astimezone(zone).utcoffset()
    before, after = before.replace(microsecond=0), after.replace(microsecond=0)
    while (seconds := int((after - before).total_seconds())) > 1:
        middle = before + dt.timedelta(seconds=seconds // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def _next_time(now: dt.datetime, zone: ZoneInfo, time: dt.time) -> dt.datetime:
    today = now.astimezone(zone).date()
    for days in range(3):
        naive = dt.datetime.combine(today + dt.timedelta(days=days), time)
        if _is_skipped(naive, zone):
            moments = [_end_of_gap(naive, zone)]
        else:
            moments = [naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1)]
        for moment in moments:
            if moment > now:
                return moment
    raise AssertionError(f"{time} does not come within two days of {now}")


_NEAR = {-1: N_("Yesterday"), 0: N_("Today"), 1: N_("Tomorrow")}
_NEAR_AT = {-1: N_("Yesterday %(time)s"), 0: N_("Today %(time)s"), 1: N_("Tomorrow %(time)s")}
_NEAR_INSIDE = {-1: N_("yesterday"), 0: N_("today"), 1: N_("tomorrow")}
_NEAR_AT_INSIDE = {-1: N_("yesterday %(time)s"), 0: N_("today %(time)s"), 1: N_("tomorrow %(time)s")}
_SKIPPED = N_(
    "%(time)s on %(day)s does not exist in %(zone)s, because the clocks go forward. Choose %(later)s or later."
)
_TWICE = N_("%(time)s on %(day)s comes twice in %(zone)s, because the clocks go back. This is the first one.")


def _short_date(day: dt.date, today: dt.date, locale: str) -> str:
    month = _names(locale).short_months[day.month - 1]
    if _is_month_first(locale):
        return f"{month} {day.day}" if day.year == today.year else f"{month} {day.day}, {day.year}"
    return f"{day.day} {month}" if day.year == today.year else f"{day.day} {month} {day.year}"


def _long_date(day: dt.date, locale: str = "en_GB") -> str:
    names = _names(locale)
    name, month = names.days[day.weekday()], names.months[day.month - 1]
    if _is_month_first(locale):
        return f"{name}, {month} {day.day}, {day.year}"
    return f"{name} {day.day} {month} {day.year}"


class _Names(NamedTuple):
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    months: tuple[str, ...]
    short_months: tuple[str, ...]


def _names(locale: str) -> _Names:
    return _names_in(date_locale(locale))


@lru_cache(maxsize=64)
def _names_in(locale: str) -> _Names:
    """Return the names of days from Monday and of months, by CLDR; British "Sept" stays "Sep".

    Arabic has no shorter ones, and those that Babel makes from the long ones may be another country's.
    """
    found = Locale("en") if locale.startswith("en") else Locale.parse(locale.replace("-", "_"))
    widths = ("wide", "wide") if found.language == "ar" else ("wide", "abbreviated")
    days, months = found.days["format"], found.months["format"]
    return _Names(
        *(tuple(map(str, (days[width][number] for number in range(7)))) for width in widths),
        *(tuple(map(str, (months[width][number] for number in range(1, 13)))) for width in widths),
    )


def _is_month_first(locale: str) -> bool:
    return _is_month_first_in(date_locale(locale))


@lru_cache(maxsize=256)
def _is_month_first_in(locale: str) -> bool:
    pattern = str(Locale.parse(locale.replace("-", "_")).date_formats["medium"].pattern)
    return pattern.find("M") < pattern.find("d") < pattern.find("y")
