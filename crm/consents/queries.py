"""The consent of a customer, for their page."""

from __future__ import annotations

from typing import Any, NamedTuple

from crm.consents.reach import opted_out
from crm.customers.consent_models import ConsentChange
from crm.customers.consents import history_of, marketing_state
from crm.customers.models import Customer
from crm.customers.parts import any_of
from crm.customers.rules import Consent
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels

SHOWN = 50


HAS = any_of(ConsentChange)
"""The condition of customers whose consent ever changed."""


class State(NamedTuple):
    """is_opted_out: whether marketing was agreed to, but an opt-out of the address stands in its way."""

    channel: Channel
    is_allowed: bool
    marketing: Consent
    is_opted_out: bool


def panel_data(customer: Customer) -> dict[str, Any]:
    given = {channel: marketing_state(customer, channel) for channel in all_channels()}
    listed = opted_out(customer) if Consent.GIVEN in given.values() else set()
    states = [
        State(channel, channel.is_allowed(customer), state, state is Consent.GIVEN and channel in listed)
        for channel, state in given.items()
    ]
    labels = {str(channel): channel.label for channel in all_channels()}
    return {
        "states": states,
        "history": history_of(customer.id, SHOWN) if customer.has("consents") else [],
        "labels": labels,
    }
