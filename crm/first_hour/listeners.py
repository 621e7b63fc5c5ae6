"""Steps that are done elsewhere."""

from __future__ import annotations

from collections.abc import Collection

from crm.accounts.models import Organization
from crm.accounts.services import settings_given
from crm.first_hour.rules import MESSAGING
from crm.messages.channels.registry import all_channels


@settings_given.connect
def choose_messaging(organization: Organization, names: Collection[str]) -> None:
    if any(channel.gateway_setting in names for channel in all_channels()):
        organization.take_first_step(MESSAGING)
