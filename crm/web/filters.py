"""Template filters: times, money and phones as the organization writes them."""

from __future__ import annotations

import datetime as dt

from flask import Flask
from markupsafe import Markup

from crm import clock, money, phone
from crm.accounts.access import here


def init_app(app: Flask) -> None:
    """Register the filters."""
    for function in (when, when_full, day, amount, phone_number, phone.wa_me):
        app.add_template_filter(function)


def when(moment: dt.datetime | None) -> Markup:
    """Show a moment as people say it near today, with the exact time on hover and for machines."""
    if moment is None:
        return Markup("")
    organization = here().organization
    zone, locale = clock.zone(organization.time_zone), organization.locale
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        _utc(moment),
        clock.say_full(moment, zone, locale),
        clock.say_when(moment, clock.utcnow(), zone, locale),
    )


def when_full(moment: dt.datetime | None) -> Markup:
    """Show a moment in full, with the organization's zone."""
    if moment is None:
        return Markup("")
    organization = here().organization
    return Markup('<time datetime="{}">{}</time>').format(
        _utc(moment), clock.say_full(moment, clock.zone(organization.time_zone), organization.locale)
    )


def day(date: dt.date | None) -> str:
    """Show a date as people say it near today."""
    if date is None:
        return ""
    organization = here().organization
    today = clock.to_local(clock.utcnow(), clock.zone(organization.time_zone)).date()
    return clock.say_date(date, today, organization.locale)


def amount(hundredths: int, currency: str | None = None) -> str:
    """Show money as the organization writes it."""
    organization = here().organization
    return money.format_amount(hundredths, currency or organization.currency, organization.locale)


def phone_number(number: str, valid: bool = True) -> str:
    """Show a phone number in the organization's national format; what isn't a number as it was typed."""
    return phone.display(number, here().organization.phone_region) if valid else number


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
