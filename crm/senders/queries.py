"""What each channel is sent by, and whether it works."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import sqlalchemy as sa
from babel.lists import format_list

from crm.accounts.models import Organization
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.messages.models import BlockedSender
from crm.providers.accounts import lacking, sender_of
from crm.providers.registry import gateway_named, gateway_of, provider_named
from crm.senders.models import SenderTest
from crm.values import language
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown


class SenderState(NamedTuple):
    """How a channel is sent: good, attention or bad; `blocked` if its provider refuses it. `code` is for programs."""

    channel: Channel
    tone: str
    code: str
    word: str
    sentence: str
    blocked: BlockedSender | None = None


def sender_states(organization: Organization) -> list[SenderState]:
    blocked = {row.channel: row for row in db.session.scalars(sa.select(BlockedSender))}
    return [_state(organization, channel, blocked.get(channel)) for channel in all_channels()]


def to_enter(organization: Organization, channel: Channel) -> str:
    """Name what an owner has to enter before the chosen provider can send, or ""."""
    name = channel.gateway_name(organization)
    account = provider_named(name).account if lacking(organization, channel) else None
    if account is None:
        return ""
    sender, known = sender_of(organization, name, channel), known_secrets()
    labels = [str(secret.label) for secret in account.secrets if not (secret.is_optional or secret.name in known)]
    if not labels or not gateway_named(name).lacks(replace(sender, number="-"), channel):
        labels = [_(channel.sender_label, channel=channel.label)]
    return format_list(labels, locale=language.current().locale)


def known_secrets() -> dict[str, str]:
    """Return the ends of set secrets, by name; unreadable ones count as unset."""
    return {name: vault.ending(value) for name, value in vault.reveal_all().items() if value}


def latest_tests() -> list[SenderTest]:
    mine = SenderTest.organization_id == require_organization()
    last = sa.select(sa.func.max(SenderTest.id)).where(mine).group_by(SenderTest.channel)
    return list(db.session.scalars(sa.select(SenderTest).where(SenderTest.id.in_(last)).order_by(SenderTest.channel)))


def _state(organization: Organization, channel: Channel, blocked: BlockedSender | None) -> SenderState:
    missing = lacking(organization, channel)
    if missing:
        fields = to_enter(organization, channel)
        sentence = _("Enter the %(fields)s below.", fields=fields) if fields else shown(missing)
        return SenderState(channel, "attention", "not ready", N_("Not ready"), sentence, blocked)
    if blocked is not None:
        return SenderState(channel, "bad", "refused", N_("Refused"), shown(blocked.reason), blocked)
    gateway = gateway_of(organization, channel)
    if gateway.by_hand:
        return SenderState(channel, "neutral", "by hand", N_("Manual"), N_("You send due messages from the home page."))
    if provider_named(gateway.name).shows_calls:
        return SenderState(channel, "neutral", "nowhere", N_("Test mode"), N_("Nothing is sent."))
    return SenderState(channel, "good", "ready", N_("Ready"), N_("Messages are sent when they are due."))
