"""Whose account a message is sent with: the organization's own, encrypted in the database, or the installation's.

An organization that has entered anything of its own with a provider uses nothing of the installation's there: its
token would not fit another's account, nor would a number.
"""

from __future__ import annotations

from flask import current_app

from crm import vault
from crm.accounts.models import Organization
from crm.messages.gateways import gateway_of
from crm.messages.gateways.base import Sender
from crm.messages.rules import Channel

SECRETS: dict[str, tuple[str, ...]] = {
    "twilio": ("twilio_account_sid", "twilio_auth_token", "twilio_messaging_service_sid"),
    "whatsapp_cloud": (
        "whatsapp_token",
        "whatsapp_phone_number_id",
        "whatsapp_app_secret",
        "whatsapp_verify_token",
    ),
}
"""What each gateway needs to know, by the names of `crm.vault`; in capitals they are the environment's."""

NUMBERS = {Channel.SMS: "TWILIO_FROM", Channel.WHATSAPP: "TWILIO_WHATSAPP_FROM"}


def sender_of(organization: Organization, gateway: str, channel: Channel) -> Sender:
    """Return what the current organization sends with by a gateway; empty values where something is not set."""
    if gateway not in SECRETS:
        return Sender()
    known, config = secrets_of(gateway), current_app.config
    number = number_of(organization, channel)
    if gateway == "twilio":
        account, token, service = (known[name] for name in SECRETS["twilio"])
        return Sender(number, account, token, service, config["TWILIO_API_BASE"], config["PUBLIC_URL"])
    account, token = known["whatsapp_phone_number_id"], known["whatsapp_token"]
    return Sender(number, account, token, base=config["WHATSAPP_API_BASE"], callback=config["PUBLIC_URL"])


def number_of(organization: Organization, channel: Channel) -> str:
    """Return the number that messages of a channel come from: the organization's, or the installation's, or none."""
    own = organization.whatsapp_from if channel is Channel.WHATSAPP else organization.sms_from
    return own or ("" if has_own("twilio") else str(current_app.config[NUMBERS[channel]]))


def secrets_of(gateway: str) -> dict[str, str]:
    """Return what the current organization uses with a gateway, its own or the installation's, by name."""
    names = SECRETS[gateway]
    if has_own(gateway):
        own = vault.reveal_all()
        return {name: own.get(name, "") for name in names}
    return {name: str(current_app.config[name.upper()]) for name in names}


def has_own(gateway: str) -> bool:
    """Whether the current organization has entered something of its own for a gateway."""
    return not vault.names().isdisjoint(SECRETS[gateway])


def lacking(organization: Organization, channel: Channel) -> str:
    """Say what is missing before the chosen gateway can send; nothing when it can."""
    try:
        gateway = gateway_of(organization, channel)
    except LookupError:
        return f"There is no such gateway for {channel.label}. An owner can choose one in Settings, Messaging."
    return gateway.lacks(sender_of(organization, gateway.name, channel), channel)
