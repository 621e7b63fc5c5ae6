"""Whose account a message is sent with: the organization's own, encrypted in the database, or the installation's.

An organization that has entered anything of its own with a provider uses nothing of the installation's there: its
token would not fit another's account, nor would a number.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.messages.rules import Channel
from crm.providers.base import Sender
from crm.providers.registry import gateway_of

SECRETS: dict[str, tuple[str, ...]] = {
    "twilio": ("twilio_account_sid", "twilio_auth_token", "twilio_messaging_service_sid"),
    "whatsapp_cloud": (
        "whatsapp_token",
        "whatsapp_phone_number_id",
        "whatsapp_app_secret",
        "whatsapp_verify_token",
    ),
}
"""What each gateway needs to know, by the names of `crm.kernel.vault`; in capitals they are the environment's."""

NUMBERS = {Channel.SMS: "TWILIO_FROM", Channel.WHATSAPP: "TWILIO_WHATSAPP_FROM"}


def sender_of(organization: Organization, gateway: str, channel: Channel) -> Sender:
    """Return what the current organization sends with by a gateway; empty values where something is not set."""
    if gateway not in SECRETS:
        return Sender(takes_orders=current_app.config["MESSAGE_CONSOLE_ORDERS"])
    known, is_own = _secrets(gateway)
    number, config = _number(organization, channel, is_own), current_app.config
    if gateway == "twilio":
        account, token, service = (known[name] for name in SECRETS["twilio"])
        return Sender(number, account, token, service, config["TWILIO_API_BASE"], config["PUBLIC_URL"])
    account, token = known["whatsapp_phone_number_id"], known["whatsapp_token"]
    return Sender(number, account, token, base=config["WHATSAPP_API_BASE"], callback=config["PUBLIC_URL"])


def number_of(organization: Organization, channel: Channel) -> str:
    """Return the number that messages of a channel come from: the organization's, or the installation's, or none."""
    return _number(organization, channel, _secrets("twilio")[1])


def shares_account(gateway: str) -> bool:
    """Whether other organizations may be sending with the same account: the installation's."""
    if _secrets(gateway)[1]:
        return False
    users = sa.or_(Organization.sms_gateway == gateway, Organization.whatsapp_gateway == gateway)
    others = sa.select(Organization.id).where(users, Organization.id != require_organization())
    return db.session.scalar(others.limit(1)) is not None


def lacking(organization: Organization, channel: Channel) -> str:
    """Say what is missing before the chosen gateway can send; nothing when it can."""
    try:
        gateway = gateway_of(organization, channel)
    except LookupError:
        return f"There is no such gateway for {channel.label}. An owner can choose one in Settings, Messaging."
    return gateway.lacks(sender_of(organization, gateway.name, channel), channel)


def secrets_with(own: Mapping[str, str], gateway: str) -> tuple[dict[str, str], bool]:
    """Return what is used with a gateway by an organization with secrets of its own, and whether it is its own."""
    names = SECRETS[gateway]
    if not own.keys().isdisjoint(names):
        return {name: own.get(name, "") for name in names}, True
    return {name: str(current_app.config[name.upper()]) for name in names}, False


def _secrets(gateway: str) -> tuple[dict[str, str], bool]:
    return secrets_with(vault.reveal_all(), gateway)


def _number(organization: Organization, channel: Channel, is_own: bool) -> str:
    number = organization.whatsapp_from if channel is Channel.WHATSAPP else organization.sms_from
    return number or ("" if is_own else str(current_app.config[NUMBERS[channel]]))
