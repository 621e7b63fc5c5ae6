"""The one gate before every send, whichever way a message came."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import current_app

from crm import clock
from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.messages.gateways import gateway_of
from crm.messages.gateways.base import Gateway
from crm.messages.models import Message
from crm.messages.rules import Status, channel_problem, number_problem

LOOK_AGAIN = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Go:
    """It may be sent now, by this gateway."""

    gateway: Gateway


@dataclass(frozen=True, slots=True)
class Hold:
    """It waits, and is looked at again at `until`."""

    until: dt.datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """It is never sent."""

    status: Status
    reason: str


Verdict = Go | Hold | Stop


def gate(message: Message, customer: Customer, organization: Organization, now: dt.datetime) -> Verdict:
    """Say whether a due message may be sent at `now`."""
    if customer.is_archived:
        return Stop(Status.CANCELED, f"{customer.name} was archived when it was due.")
    problem = channel_problem(customer, message.via)
    if problem:
        return Stop(Status.SUPPRESSED, problem)
    problem = number_problem(customer)
    if problem:
        return Stop(Status.FAILED, problem)
    try:
        gateway = gateway_of(organization, message.via)
    except LookupError:
        return Hold(now + LOOK_AGAIN, f"The gateway for {message.via.label} is not set up. Ask an owner to choose one.")
    if not gateway.by_hand and now > expires_at(message):
        return Stop(Status.EXPIRED, f"It could not be sent within {_hours(lasts())} of its time.")
    return _after_quiet_hours(organization, now) or Go(gateway)


def expires_at(message: Message) -> dt.datetime:
    """Return when it is too late to send a message."""
    return message.send_at + lasts()


def lasts() -> dt.timedelta:
    """Return how long past its time a message may still be sent."""
    return dt.timedelta(seconds=current_app.config["MESSAGE_EXPIRES_AFTER"])


def _after_quiet_hours(organization: Organization, now: dt.datetime) -> Hold | None:
    zone = clock.zone(organization.time_zone)
    end = clock.quiet_end(now, zone, organization.quiet_from, organization.quiet_until)
    if end <= now:
        return None
    said = clock.say_when(end, now, zone, organization.locale)
    return Hold(end, f"Quiet hours: it goes out {said[0].lower()}{said[1:]} ({zone.key}).")


def _hours(span: dt.timedelta) -> str:
    hours = span.total_seconds() / 3600
    return f"{hours:g} hours" if hours >= 1 else f"{span.total_seconds():g} seconds"
