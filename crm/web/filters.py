"""Template filters: times, money and phones in the organization's notation and the reader's language."""

from __future__ import annotations

import datetime as dt
import functools

from flask import Flask, g
from markupsafe import Markup, escape

from crm.people.own_sources import source_shown
from crm.values import birthdays, clock, language, money, phone
from crm.values.text import initials
from crm.web.reader import reader

MINUS = "\N{MINUS SIGN}"


def init_app(app: Flask) -> None:
    times = (when, when_full, time_of_day, day, day_of, birthday, has_birthday)
    for function in (
        *times,
        initials,
        amount,
        number,
        percent,
        percentage_points,
        signed,
        phone_number,
        phone_problem,
        tel_link,
        phone.wa_me,
    ):
        app.add_template_filter(function)
    app.add_template_filter(phone.tel, "tel_url")
    app.add_template_filter(source_shown, "source")


def when(moment: dt.datetime | None, *, inside: bool = False) -> Markup:
    """Show a moment relative to today, with the exact time in the title and for machines; `inside` a sentence."""
    if moment is None:
        return Markup("")
    organization = reader().organization
    return _when(moment, today(), organization.time_zone, language.date_locale(organization.locale), inside)


def when_full(moment: dt.datetime | None) -> Markup:
    if moment is None:
        return Markup("")
    organization = reader().organization
    return Markup('<time datetime="{}">{}</time>').format(
        _utc(moment), clock.say_full(moment, clock.zone(organization.time_zone), organization.locale)
    )


def time_of_day(moment: dt.datetime) -> Markup:
    organization = reader().organization
    zone = clock.zone(organization.time_zone)
    full = clock.say_full(moment, zone, organization.locale)
    shown = f"{clock.to_local(moment, zone):%H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_utc(moment), full, shown)


def clock_time(moment: dt.datetime) -> str:
    return f"{clock.to_local(moment, clock.zone(reader().organization.time_zone)):%H:%M}"


def local_day(moment: dt.datetime) -> dt.date:
    return clock.to_local(moment, clock.zone(reader().organization.time_zone)).date()


def day(date: dt.date | None, *, inside: bool = False) -> str:
    if date is None:
        return ""
    return clock.say_date(date, today(), reader().organization.locale, inside=inside)


def day_of(moment: dt.datetime | None) -> str:
    if moment is None:
        return ""
    organization = reader().organization
    return _day_of(moment, today(), organization.time_zone, language.date_locale(organization.locale))


def birthday(written: str) -> str:
    """Show a birthday as 14 February 1990, or 14 February without a year."""
    return clock.say_birthday(written, reader().organization.locale) if written else ""


def has_birthday(day: str) -> bool:
    return birthdays.next_one(day, today()) == today()


def amount(amount: int, currency: str | None = None, *, rounded: bool = False) -> str:
    """Show an amount; an average is `rounded` to what people write."""
    organization = reader().organization
    currency = currency or organization.currency
    shown = money.rounded(amount, currency) if rounded else amount
    return isolated(money.format_amount(shown, currency, organization.locale))


def number(value: int) -> str:
    return money.format_number(value, reader().organization.locale)


def percent(value: float) -> str:
    return isolated(money.format_share(round(value), reader().organization.locale))


def percentage_points(share: float) -> str:
    return isolated(money.format_points(share, reader().organization.locale))


def signed(value: int) -> str:
    """Show +50, or a minus sign before 50."""
    return isolated(f"{MINUS if value < 0 else '+' if value else ''}{number(abs(value))}")


def phone_number(number: str, valid: bool = True) -> str:
    return phone.display(number, reader().organization.phone_region) if valid else number


def tel_link(number: str, extension: str = "") -> Markup:
    shown = escape(phone.with_extension(phone_number(number), extension))
    return Markup(f'<a href="{phone.tel(number, extension)}" dir="ltr">{shown}</a>')  # noqa: S704 -- digits, and escaped


def phone_problem(number: str) -> str:
    return phone.parse(number, reader().organization.phone_region).reason


def isolated(text: str) -> str:
    """Keep the order of signs and digits among words that run from right to left."""
    return f"\u2066{text}\u2069" if language.current().is_rtl else text


def today() -> dt.date:
    """Return the organization's date, the same for all of a request."""
    if "today" not in g:
        g.today = clock.to_local(clock.utcnow(), clock.zone(reader().organization.time_zone)).date()
    today: dt.date = g.today
    return today


@functools.lru_cache(maxsize=8192)
def _when(moment: dt.datetime, today: dt.date, time_zone: str, locale: str, inside: bool) -> Markup:
    zone = clock.zone(time_zone)
    noon = dt.datetime.combine(today, dt.time(12), zone)  # nearness depends on the date alone
    near, full = clock.say_when(moment, noon, zone, locale, inside=inside), clock.say_full(moment, zone, locale)
    return Markup(f'<time datetime="{_utc(moment)}" title="{full}">{near}</time>')  # noqa: S704 -- words of our own


@functools.lru_cache(maxsize=8192)
def _day_of(moment: dt.datetime, today: dt.date, time_zone: str, locale: str) -> str:
    return clock.say_date(clock.to_local(moment, clock.zone(time_zone)).date(), today, locale)


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
