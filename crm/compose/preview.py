"""The sentence that says what scheduling would do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crm.accounts.models import Organization
from crm.consents.footers import with_line
from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.message_templates.models import Template
from crm.message_templates.rules import FIELDS, Wording
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels, consent_problem
from crm.messages.channels.segments import Segments, ucs2_note
from crm.messages.checks import FOOTER
from crm.messages.policy_facts import asking_note, opt_out_problem
from crm.messages.rules import ApprovedTemplate
from crm.series.rules import Rule
from crm.values import clock
from crm.values.language import gettext as _
from crm.web.filters import isolated

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
        purpose: MessagePurpose = MessagePurpose.SERVICE,
        footer: str = "",
    ) -> MessagePreview:
        """Build it; `footer` is how marketing ends, and its parts count."""
        way = channel or all_channels()[0]
        addresses, address = way.addresses, way.addresses.of(customer)
        problem = addresses.problem(customer) or opt_out_problem(customer, addresses, purpose)
        problem = problem or (consent_problem(customer, channel, purpose) if channel else None)
        when = clock.say_full(moment, clock.zone(organization.time_zone), organization.locale) if moment else ""
        sentence = _sentence(when, channel, isolated(addresses.shown(address)) if address else "")
        if rule:
            sentence = _("%(sentence)s Then %(rule)s.", sentence=sentence, rule=rule.said(organization.locale))
        notes = [*notes, *filter(None, [asking_note(customer, addresses)])]
        if not customer.is_active and not customer.is_archived:
            notes.append(_("%(name)s is inactive, but still gets this message.", name=customer.name))
        text, room = with_line(body, footer), way.max_length - (FOOTER if purpose is MessagePurpose.MARKETING else 0)
        if footer:
            notes.append(_("It ends with “%(line)s”", line=footer))
        parts = channel.parts(text) if channel else None
        return cls(sentence, problem, notes, parts, ucs2_note(text) if parts else "", len(body), room)


def _sentence(when: str, channel: Channel | None, to: str) -> str:
    if not when:
        return _("Sent at the time you choose.")
    if channel is None:
        return _("On %(when)s.", when=when)
    if not to:
        return _("On %(when)s, by %(channel)s.", when=when, channel=channel.label)
    return _("On %(when)s, by %(channel)s, to %(to)s.", when=when, channel=channel.label, to=to)


def wording_notes(wording: Wording, chosen: Template | None, channel: Channel | None) -> list[str]:
    """Say whether a text leaves as an approved template or freely, where that may surprise."""
    notes = []
    if wording.approved:
        notes.append(_sent_as(wording.approved))
    elif chosen and chosen.approved and wording.text and channel and channel.has_approved_templates:
        notes.append(
            _(
                "You changed the text, so it isn't the approved template any more. WhatsApp accepts it only within "
                "24 hours of the customer's last message."
            )
        )
    found = _FIELD.search(wording.text)
    if found:
        notes.append(_("%(field)s is sent as written. Choose a template to have it filled in.", field=found[0]))
    return notes


def _sent_as(approved: ApprovedTemplate) -> str:
    if not approved.parameters:
        return _("Sent as %(template)s, approved by WhatsApp.", template=approved.name)
    parameters = ", ".join(f"“{parameter}”" for parameter in approved.parameters)
    return _(
        "Sent as %(template)s, approved by WhatsApp, with %(parameters)s.",
        template=approved.name,
        parameters=parameters,
    )
