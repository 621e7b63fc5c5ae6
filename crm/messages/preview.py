"""The sentence that says, before a message is scheduled, what will happen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from crm import clock, phone
from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.messages.facts import opt_out_problem
from crm.messages.rules import MAX_LENGTH, Channel, channel_problem, number_problem
from crm.messages.segments import Segments, segments, ucs2_note


@dataclass(frozen=True)
class Preview:
    """What would happen, or why it can't; `parts` only for SMS."""

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
        note: str | None,
    ) -> Preview:
        """Say it for a form as far as it is filled in."""
        zone = clock.zone(organization.time_zone)
        when = f"On {clock.say_full(moment, zone, organization.locale)}" if moment else "At the time you choose"
        by = f", by {channel.label}" if channel else ""
        problem = number_problem(customer) or opt_out_problem(customer)
        problem = problem or (channel_problem(customer, channel) if channel else None)
        to = "" if number_problem(customer) else f", to {phone.international(customer.phone)}"
        notes = [note] if note else []
        if not customer.is_active and not customer.is_archived:
            notes.append(f"{customer.name} is inactive, and still gets this message.")
        parts = segments(body) if channel is Channel.SMS else None
        room = MAX_LENGTH[channel or Channel.SMS]
        return cls(f"{when}{by}{to}.", problem, notes, parts, ucs2_note(body) if parts else "", len(body), room)
