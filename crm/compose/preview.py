"""The sentence that says what scheduling would do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.message_templates.models import Template
from crm.message_templates.rules import FIELDS, Wording
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels, consent_problem
from crm.messages.channels.segments import Segments, ucs2_note
from crm.messages.policy_facts import asking_note, opt_out_problem
from crm.series.rules import Rule
from crm.values import clock

_FIELD = re.compile(r"\{ *(" + "|".join(FIELDS) + r") *\}", re.IGNORECASE)


@dataclass(frozen=True)
class MessagePreview:
    """What would happen, or why not; `parts` for channels that split texts."""

    sentence: str
    problem: str | None
    notes: list[str]
    parts: Segments | None
    parts_note: str
    length: int
    room: int

    @classmethod
    def of(
        cls,
        customer: Customer,
        organization: Organization,
        channel: Channel | None,
        body: str,
        moment: dt.datetime | None,
        rule: Rule | None,
        notes: Sequence[str],
    ) -> MessagePreview:
        zone = clock.zone(organization.time_zone)
        when = f"On {clock.say_full(moment, zone, organization.locale)}" if moment else "At the time you choose"
        by = f", by {channel.label}" if channel else ""
        way = channel or all_channels()[0]
        addresses, address = way.addresses, way.addresses.of(customer)
        problem = addresses.problem(customer) or opt_out_problem(customer, addresses)
        problem = problem or (consent_problem(customer, channel) if channel else None)
        to = f", to {addresses.shown(address)}" if address else ""
        then = f"; then {rule.said(organization.locale)}" if rule else ""
        notes = [*notes, *filter(None, [asking_note(customer, addresses)])]
        if not customer.is_active and not customer.is_archived:
            notes.append(f"{customer.name} is inactive, and still gets this message.")
        parts = channel.parts(body) if channel else None
        room = way.max_length
        return cls(f"{when}{by}{to}{then}.", problem, notes, parts, ucs2_note(body) if parts else "", len(body), room)


def wording_notes(wording: Wording, chosen: Template | None, channel: Channel | None) -> list[str]:
    """Say whether a text leaves as an approved template or freely, where that may surprise."""
    notes = []
    if wording.approved:
        with_ = ", ".join(f"“{parameter}”" for parameter in wording.approved.parameters)
        notes.append(f"Goes out as {wording.approved.name}, approved by WhatsApp{f', with {with_}' if with_ else ''}.")
    elif chosen and chosen.approved and wording.text and channel and channel.has_approved_templates:
        notes.append(
            "The text was changed, so it does not go out as the approved template: WhatsApp takes it only within "
            "24 hours after the customer wrote to you."
        )
    found = _FIELD.search(wording.text)
    if found:
        notes.append(f"{found[0]} goes out as it is written. Choose a template to have it filled in.")
    return notes
