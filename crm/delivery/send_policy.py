"""The send policy: the checks before every send."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import current_app

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.kernel.manifest import Halt
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.registry import consent_problem
from crm.messages.frequency import DAY
from crm.messages.models import Message
from crm.messages.policy_facts import PolicyFacts
from crm.messages.restoring import PAUSED
from crm.messages.rules import Status, TemplateCategory, day_word, holding_reason, unapproved
from crm.messages.warm_up import WarmUp
from crm.providers.base import Gateway
from crm.providers.registry import gateway_of
from crm.values import clock
from crm.values.language import N_
from crm.values.stored import stored

NO_GATEWAY = stored(N_("No gateway is set up for %(channel)s. Ask an owner to choose one."))
LATE = stored(N_("It could not be sent within %(hours)s hours of its time."))
LATE_BY_SECONDS = stored(N_("It could not be sent within %(seconds)s seconds of its time."))
ARCHIVED = stored(N_("%(name)s was archived when it was due."))
OTHER_DAY = stored(N_("It says “%(word)s”, and that day is over. Check the text, then send it again."))
HAD_IN_DAY = stored(N_("Skipped: had %(number)s in 24 hours."))
HAD_IN_MONTH = stored(N_("Skipped: had %(number)s in 30 days."))
QUIET = stored(N_("Quiet hours: it will be sent %(when)s (%(zone)s)."))
WARM_UP = stored(N_("A new domain: %(number)s marketing e-mails went out today. It will be sent %(when)s."))

LOOK_AGAIN = dt.timedelta(seconds=60)
LOOK_AFTER_PAUSE = dt.timedelta(hours=1)
"""Resuming lets the worker look at once."""


@dataclass(frozen=True, slots=True)
class Go:
    """Send now, by this gateway."""

    gateway: Gateway


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait, and check again at `until`. With `moves` that is its time from now on, so that it does not expire."""

    until: dt.datetime
    reason: str
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Never send."""

    status: Status
    reason: str


Decision = Go | Hold | Stop


def check_policy(
    message: Message,
    customer: Customer,
    organization: Organization,
    facts: PolicyFacts,
    now: dt.datetime,
    had: Sequence[dt.datetime] = (),
    halt: Halt | None = None,
    category: TemplateCategory = TemplateCategory.UNKNOWN,
    warm_up: WarmUp | None = None,
) -> Decision:
    """Decide on a due message at `now`.

    `facts` are about its customer's address, `had` is when they got marketing in the last 30 days, `halt` is what a
    feature says of the message, `category` is what its template is approved for, and `warm_up` how much marketing by
    e-mail may go out.
    """
    refusal = _refusal(message, customer, facts)
    if refusal is not None:
        return refusal
    if halt is not None:
        return Stop(Status.CANCELED, halt.reason) if halt.for_good else Hold(now + LOOK_AFTER_PAUSE, halt.reason)
    if organization.sending_paused:
        return Hold(now + LOOK_AFTER_PAUSE, PAUSED)
    try:
        gateway = gateway_of(organization, message.channel)
    except LookupError:
        return Hold(now + LOOK_AGAIN, NO_GATEWAY.english(channel=message.channel.label))
    if not gateway.by_hand and now > expires_at(message):
        return Stop(Status.EXPIRED, _too_late(lasts()))
    return (
        _not_approved(message, gateway, category)
        or _while_asked(customer, facts, now)
        or (too_often(organization, had, now) if message.is_marketing else None)
        or _after_quiet_hours(organization, now)
        or (None if gateway.by_hand else _another_day(message, organization, now))
        or _outside_window(message, customer, gateway, facts, now)
        or (None if gateway.by_hand else _over_warm_up(message, organization, warm_up))
        or Go(gateway)
    )


def expires_at(message: Message) -> dt.datetime:
    return message.send_at + lasts()


def lasts() -> dt.timedelta:
    return dt.timedelta(seconds=current_app.config["MESSAGE_EXPIRES_AFTER"])


def _refusal(message: Message, customer: Customer, facts: PolicyFacts) -> Stop | None:
    """Return why the customer may not get this message, if so."""
    if customer.is_archived:
        return Stop(Status.CANCELED, ARCHIVED.english(name=customer.name))
    problem = consent_problem(customer, message.channel, message.purpose)
    if problem:
        return Stop(Status.SUPPRESSED, problem)
    problem = message.channel.addresses.problem(customer)
    if problem:
        return Stop(Status.FAILED, problem)
    suppression = facts.suppressed.get(customer.id)
    if suppression is None and message.is_marketing:
        suppression = facts.unsubscribed.get(customer.id)
    return Stop(Status.SUPPRESSED, suppression.reason) if suppression else None


def _not_approved(message: Message, gateway: Gateway, category: TemplateCategory) -> Stop | None:
    """Stop marketing that the provider takes in no other way than as a template for it."""
    if not (message.is_marketing and gateway.keeps_window and message.channel.has_approved_templates):
        return None
    problem = unapproved(message.approved, category)
    return Stop(Status.FAILED, problem) if problem else None


def too_often(organization: Organization, had: Sequence[dt.datetime], now: dt.datetime) -> Stop | None:
    """Skip marketing to who had enough; it is not put off, for then it would come with the next."""
    if len(had) >= organization.cap_month:
        return Stop(Status.CANCELED, HAD_IN_MONTH.english(number=len(had)))
    of_day = sum(at > now - DAY for at in had)
    return Stop(Status.CANCELED, HAD_IN_DAY.english(number=of_day)) if of_day >= organization.cap_day else None


def _over_warm_up(message: Message, organization: Organization, warm_up: WarmUp | None) -> Hold | None:
    """Let marketing over the limit of a new domain wait for the next day, at its time of day."""
    if warm_up is None or warm_up.left > 0 or not message.is_marketing or message.channel.addresses is not EMAILS:
        return None
    zone = clock.zone(organization.time_zone)
    time = clock.to_local(message.send_at, zone).time()
    until = clock.at_or_after(dt.datetime.combine(warm_up.tomorrow, time), zone)
    reason = WARM_UP.english(number=warm_up.limit, when=clock.iso(until, zone))
    # A text that says "today" is not for another day: it ends then.
    return Hold(until, reason, moves=day_word(message.body) is None)


def _while_asked(customer: Customer, facts: PolicyFacts, now: dt.datetime) -> Hold | None:
    """Hold messages while a text that may mean STOP is undecided."""
    asking = facts.asking.get(customer.id)
    return Hold(now + LOOK_AGAIN, holding_reason(customer.name, asking)) if asking else None


def _another_day(message: Message, organization: Organization, now: dt.datetime) -> Stop | None:
    """Stop a text with "today" or "tomorrow" that would go out on another day."""
    zone = clock.zone(organization.time_zone)
    meant, today = (moment.astimezone(zone).date() for moment in (message.send_at, now))
    word = day_word(message.body) if meant < today else None
    return Stop(Status.EXPIRED, OTHER_DAY.english(word=word)) if word else None


def _outside_window(
    message: Message, customer: Customer, gateway: Gateway, facts: PolicyFacts, now: dt.datetime
) -> Stop | None:
    """Stop a text that the provider would refuse, and say what to do."""
    if message.template or not gateway.keeps_window:
        return None
    wrote_at = facts.wrote_at.get((message.channel, customer.id))
    problem = message.channel.window_problem(customer.name, wrote_at, now)
    return Stop(Status.FAILED, problem) if problem else None


def _after_quiet_hours(organization: Organization, now: dt.datetime) -> Hold | None:
    zone = clock.zone(organization.time_zone)
    end = clock.quiet_end(now, zone, organization.quiet_from, organization.quiet_until)
    if end <= now:
        return None
    return Hold(end, QUIET.english(when=clock.iso(end, zone), zone=zone.key))


def _too_late(span: dt.timedelta) -> str:
    hours = span.total_seconds() / 3600
    return LATE.english(hours=f"{hours:g}") if hours >= 1 else LATE_BY_SECONDS.english(seconds=f"{hours * 3600:g}")
