"""All channels, in the order of choice. A new one is a module and a line."""

from __future__ import annotations

from babel.lists import format_list

from crm.accounts.queries import current_organization
from crm.customers.consents import column_of, marketing_state
from crm.customers.models import Customer
from crm.customers.rules import Consent, MessagePurpose
from crm.kernel.columns import TextCode
from crm.messages.channels.base import Addresses, Channel
from crm.messages.channels.email import EMAIL
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.values import language
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import stored

NOT_ALLOWED = stored(N_("%(channel)s is not allowed for %(name)s."))
NO_CONSENT = stored(N_("No consent for marketing by %(channel)s."))
NOT_ALLOWED_BUT = stored(N_("%(channel)s is not allowed for %(name)s. Choose %(other)s."))

_CHANNELS: dict[str, Channel] = {}

NAMES: list[str] = []
"""Their codes; the list grows with the registry."""


def register(channel: Channel) -> None:
    """Add a channel, before the application is created."""
    _CHANNELS[str(channel)] = channel
    NAMES[:] = _CHANNELS


def unregister(channel: Channel) -> None:
    del _CHANNELS[str(channel)]
    NAMES[:] = _CHANNELS


def all_channels() -> tuple[Channel, ...]:
    return tuple(_CHANNELS.values())


def channel_named(name: str) -> Channel:
    """Return the channel of a code; LookupError for none."""
    return _CHANNELS[name]


def all_kinds() -> tuple[Addresses, ...]:
    return tuple({channel.addresses.kind: channel.addresses for channel in all_channels()}.values())


def kind_named(kind: str) -> Addresses:
    """Return the kind of address of a code; LookupError for none."""
    return {found.kind: found for found in all_kinds()}[kind]


def channels_of(addresses: Addresses) -> list[Channel]:
    return [channel for channel in all_channels() if channel.addresses.kind == addresses.kind]


def in_words(last: str) -> str:
    """List the channels' names, with "and" or "or" before the last."""
    names = [str(channel.label) for channel in all_channels()]
    return format_list(names, "or" if last == "or" else "standard", language.current().locale)


def choose() -> str:
    return _("Choose %(channels)s.", channels=in_words("or"))


def consent_problem(
    customer: Customer, channel: Channel, purpose: MessagePurpose = MessagePurpose.SERVICE
) -> str | None:
    """Return why the customer gets nothing for this purpose by the channel, or None."""
    if channel.is_allowed(customer):
        agreed = purpose is MessagePurpose.SERVICE or _agreed(customer, channel)
        return None if agreed else NO_CONSENT(channel=channel.label)
    other = next((option for option in all_channels() if _reaches(customer, option)), None)
    if other:
        return NOT_ALLOWED_BUT(channel=channel.label, name=customer.name, other=other.label)
    return NOT_ALLOWED(channel=channel.label, name=customer.name)


def _agreed(customer: Customer, channel: Channel) -> bool:
    state = marketing_state(customer, channel)
    if state is Consent.NOT_ASKED and column_of(channel, MessagePurpose.MARKETING):
        return customer.total_orders > 0 and current_organization().soft_opt_in
    return state is Consent.GIVEN


def _reaches(customer: Customer, channel: Channel) -> bool:
    return channel.is_allowed(customer) and channel.addresses.problem(customer) is None


CHANNEL = TextCode(channel_named, 10)
"""The column type of a channel."""

for _channel in (SMS, WHATSAPP, EMAIL):
    register(_channel)
