"""The consent of a customer, for their page."""

from __future__ import annotations

from typing import Any, NamedTuple

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
    channel: Channel
    is_allowed: bool
    marketing: Consent


def panel_data(customer: Customer) -> dict[str, Any]:
    states = [
        State(channel, channel.is_allowed(customer), marketing_state(customer, channel)) for channel in all_channels()
    ]
    labels = {str(channel): channel.label for channel in all_channels()}
    return {
        "states": states,
        "history": history_of(customer.id, SHOWN) if customer.has("consents") else [],
        "labels": labels,
    }
