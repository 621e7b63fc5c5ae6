"""Whose a request is, and with which secrets they check it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.extensions import db
from crm.messages.rules import Channel
from crm.messages.senders.accounts import number_of, secrets_of
from crm.tenancy import use_organization


def twilio_token(organization_id: int) -> str:
    """Return the token that Twilio signs an organization's requests with."""
    return _secret(organization_id, "twilio", "twilio_auth_token")


def app_secret(organization_id: int) -> str:
    """Return the secret that Meta signs an organization's requests with."""
    return _secret(organization_id, "whatsapp_cloud", "whatsapp_app_secret")


def default_twilio_token() -> str:
    """Return the token of the installation, for requests that are nobody's."""
    return str(current_app.config["TWILIO_AUTH_TOKEN"])


def default_app_secret() -> str:
    """Return the secret of the installation, for requests that are nobody's."""
    return str(current_app.config["WHATSAPP_APP_SECRET"])


def verify_tokens() -> Iterator[str]:
    """Yield the tokens that Meta may show when an owner enters our address there."""
    yield str(current_app.config["WHATSAPP_VERIFY_TOKEN"])
    for organization_id in _sending_by("whatsapp_cloud", Channel.WHATSAPP):
        yield _secret(organization_id, "whatsapp_cloud", "whatsapp_verify_token")


def sending_from(channel: Channel, number: str, service: str) -> list[int]:
    """Return the organizations that send from a number, or by a Messaging Service, of Twilio's."""
    own = Organization.whatsapp_from if channel is Channel.WHATSAPP else Organization.sms_from
    named = list(db.session.scalars(sa.select(Organization.id).where(own == number, own != "")))
    return sorted(
        {*named, *(id_ for id_ in _sending_by("twilio", channel) if _receives(id_, channel, number, service))}
    )


def with_phone_number_id(id_: str) -> list[int]:
    """Return the organizations that send from a number of Meta's, by its id."""
    senders = _sending_by("whatsapp_cloud", Channel.WHATSAPP)
    return [one for one in senders if id_ and _secret(one, "whatsapp_cloud", "whatsapp_phone_number_id") == id_]


def _sending_by(gateway: str, channel: Channel) -> list[int]:
    column = Organization.whatsapp_gateway if channel is Channel.WHATSAPP else Organization.sms_gateway
    return list(db.session.scalars(sa.select(Organization.id).where(column == gateway).order_by(Organization.id)))


def _receives(organization_id: int, channel: Channel, number: str, service: str) -> bool:
    with use_organization(organization_id):
        own = number_of(current_organization(), channel)
        if own:
            return own == number
        return bool(service) and secrets_of("twilio")["twilio_messaging_service_sid"] == service


def _secret(organization_id: int, gateway: str, name: str) -> str:
    with use_organization(organization_id):
        return secrets_of(gateway)[name]
