"""Filters of the list of customers by consent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crm.consents.reach import can_be_reached
from crm.customers.consents import column_of
from crm.customers.models import Customer
from crm.customers.rules import MARKETING, Consent, MessagePurpose
from crm.kernel.columns import constant
from crm.kernel.manifest import CustomerFilter
from crm.messages.channels.registry import all_channels, channel_named
from crm.values.language import N_


def _channel(value: str) -> str | None:
    labels = {str(channel): str(channel.label) for channel in all_channels()}
    return labels[value] if value in labels and column_of(value, MessagePurpose.MARKETING) else None


def _channels() -> Sequence[tuple[str, str]]:
    return [(str(channel), label) for channel in all_channels() if (label := _channel(str(channel)))]


def _states() -> Sequence[tuple[str, str]]:
    return [(state.value, state.label) for state in Consent]


def _reached(value: str, given: Mapping[str, str]) -> sa.ColumnElement[bool]:
    return can_be_reached(channel_named(value))


def _state(value: str) -> str | None:
    return Consent(value).label if value in list(Consent) else None


def _of_state(name: str) -> CustomerFilter:
    def condition(value: str, given: Mapping[str, str]) -> sa.ColumnElement[bool]:
        # In the statement, not bound: the index is of those who agreed.
        return Customer.__table__.c[name] == constant(Consent(value).value)

    return CustomerFilter(name, MARKETING[name], N_("consent"), _state, condition, choices=_states)


FILTERS = (
    CustomerFilter("reachable", N_("Can be reached by"), N_("channel"), _channel, _reached, choices=_channels),
    *map(_of_state, MARKETING),
)
