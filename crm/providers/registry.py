"""The gateways, by the names that an organization's settings give them."""

from __future__ import annotations

from crm.accounts.models import Organization
from crm.messages.rules import Channel
from crm.providers.base import Gateway
from crm.providers.console import Console
from crm.providers.manual import Manual
from crm.providers.twilio.gateway import Twilio
from crm.providers.whatsapp_cloud.gateway import WhatsappCloud

_ALL: tuple[Gateway, ...] = (Manual(), Console(), Twilio(), WhatsappCloud())
_GATEWAYS = {gateway.name: gateway for gateway in _ALL}


def gateway_of(organization: Organization, channel: Channel) -> Gateway:
    """Return the gateway the organization chose for the channel; LookupError when there is none of that name."""
    return gateway_named(organization.whatsapp_gateway if channel is Channel.WHATSAPP else organization.sms_gateway)


def gateway_named(name: str) -> Gateway:
    """Return the gateway of that name; LookupError when there is none."""
    return _GATEWAYS[name]


def at_once(organization: Organization) -> int:
    """Return how many calls of an organization may be in flight at once, by the slower of its gateways."""
    chosen = {organization.sms_gateway, organization.whatsapp_gateway}
    return min((gateway.at_once for name, gateway in _GATEWAYS.items() if name in chosen), default=1)
