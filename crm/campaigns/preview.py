"""What a draft would do: whom it reaches and why not the others, what it costs, and what a hold-out can show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.analytics.holdouts import needed
from crm.campaigns.freeze import usual_hold_out
from crm.campaigns.models import Campaign
from crm.campaigns.texts import TextError, wording_of
from crm.campaigns.whom import Whom, whom
from crm.consents.footers import footer_line, with_line
from crm.consents.reach import Reach, can_be_reached, count_reach
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.message_templates.queries import filled_for
from crm.message_templates.rules import Wording
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.messages.frequency import had_enough
from crm.providers.registry import needs_approval
from crm.values import clock

SAMPLE = 200
"""Customers whose texts are filled in to count the parts."""

BASE = 0.10
"""The share of customers who buy within two weeks anyway, where nobody knows it."""

LIFTS = (0.10, 0.05, 0.02)


class Parts(NamedTuple):
    """The parts of one message, the fewest and the most, and of all."""

    fewest: int
    most: int
    in_all: int


class Sight(NamedTuple):
    """A rise in percentage points, and how many recipients it takes to see it."""

    points: int
    needed: int
    needed_by_half: int


@dataclass(frozen=True)
class Preview:
    """enough: how many of the reachable had so much marketing that they are skipped. text: the filled one of the first.

    problem: why there is no text. parts: None where texts aren't split.
    limit: how many people WhatsApp lets the organization write to in a day, 0 for any number.
    """

    whom: Whom
    count: int
    reach: Mapping[Channel, Mapping[Reach, int]]
    enough: int
    hold_out: int
    text: Wording | None
    problem: str
    parts: Parts | None
    sights: list[Sight]
    channel: Channel
    limit: int

    @property
    def days(self) -> int:
        """How many days it takes within WhatsApp's limit; 0 where that is no matter."""
        a_day, number = self.limit * 9 // 10, self.reachable - self.enough - self.held_out
        return math.ceil(number / a_day) if a_day and number > a_day else 0

    @property
    def reachable(self) -> int:
        return self.reach[self.channel][Reach.REACHABLE]

    @property
    def held_out(self) -> int:
        """About how many are held out."""
        return round(self.reachable * self.hold_out / 100)


def preview_of(campaign: Campaign) -> Preview:
    audience = whom(campaign)
    reach = {channel: count_reach(channel, audience.conditions) for channel in all_channels()}
    reachable = reach[campaign.channel][Reach.REACHABLE]
    enough = _count_enough(campaign.channel, audience) if reachable else 0
    hold_out = usual_hold_out(reachable) if campaign.hold_out is None else campaign.hold_out
    text, problem, parts = None, "", None
    try:
        wording = wording_of(campaign)
    except TextError as error:
        problem = str(error)
    else:
        filled = _filled(campaign.channel, audience, wording)
        text = filled[0] if filled else wording
        parts = _parts(campaign.channel, filled, max(0, reachable - enough - round(reachable * hold_out / 100)))
    count, organization, sights = audience.count(), current_organization(), _sights(hold_out)
    limit = organization.whatsapp_limit if needs_approval(organization, campaign.channel) else 0
    return Preview(audience, count, reach, enough, hold_out, text, problem, parts, sights, campaign.channel, limit)


def _count_enough(channel: Channel, audience: Whom) -> int:
    conditions = *audience.conditions, can_be_reached(channel), had_enough(current_organization(), clock.utcnow())
    return db.session.scalars(sa.select(sa.func.count(Customer.id)).where(*conditions)).one()


def _filled(channel: Channel, audience: Whom, wording: Wording) -> list[Wording]:
    organization = current_organization()
    some = sa.select(Customer).where(*audience.conditions, can_be_reached(channel)).options(joinedload(Customer.branch))
    customers = db.session.scalars(some.order_by(Customer.id).limit(SAMPLE))
    return [_as_sent(filled_for(wording, customer, organization), channel, customer) for customer in customers]


def _as_sent(filled: Wording, channel: Channel, customer: Customer) -> Wording:
    """Return a text with how marketing ends, which its parts count too."""
    if filled.approved:
        return filled
    return replace(filled, text=with_line(filled.text, footer_line(channel, customer, current_organization())))


def _parts(channel: Channel, filled: list[Wording], recipients: int) -> Parts | None:
    counts = [parts.count for one in filled if (parts := channel.parts(one.text)) is not None]
    if not counts:
        return None
    return Parts(min(counts), max(counts), math.ceil(recipients * sum(counts) / len(counts)))


def _sights(hold_out: int) -> list[Sight]:
    share = hold_out or 50
    return [Sight(round(100 * lift), needed(BASE, lift, share), needed(BASE, lift, 50)) for lift in LIFTS]
