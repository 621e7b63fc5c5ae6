"""By which gateway a letter goes: an organization's own, or the installation's."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.channels.email import EMAIL
from crm.providers.accounts import installation_sender, sender_of
from crm.providers.base import Gateway, Sender
from crm.providers.registry import gateway_of, provider_named
from crm.user_mail.rules import ABOUT_ORGANIZATION, PROVES, Kind


class Way(NamedTuple):
    """A gateway and its sender. is_test: nothing leaves the machine."""

    gateway: str
    sender: Sender
    is_test: bool = False


def way_for(kind: Kind, organization_id: int | None) -> Way | None:
    """Return how a letter goes, None where nothing can send it; outside of a transaction of another organization.

    What is about an organization goes by its own gateway first, what is about the user's account by the installation's.
    """
    if kind in PROVES or organization_id is None:
        return _installations()
    if kind in ABOUT_ORGANIZATION:
        return _own(organization_id) or _installations()
    return _installations() or _own(organization_id)


def may_go(kind: Kind, organization: Organization | None) -> bool:
    """Whether a letter is worth writing; the worker finds out whether the gateway has all that it needs."""
    if _installations() is not None:
        return True
    return kind not in PROVES and organization is not None and _automatic(organization) is not None


def _installations() -> Way | None:
    found = installation_sender(EMAIL)
    if found is None:
        return None
    gateway, sender = found
    host = urlsplit(current_app.config["PUBLIC_URL"]).hostname or ""
    return Way(gateway, dataclasses.replace(sender, name=host, returns_to=""))


def _own(organization_id: int) -> Way | None:
    with use_organization(organization_id):
        organization = db.session.scalar(sa.select(Organization).where(Organization.id == organization_id))
        gateway = _automatic(organization) if organization else None
        if organization is None or gateway is None:
            return None
        sender = sender_of(organization, gateway.name, EMAIL)
        if gateway.lacks(sender, EMAIL):
            return None
        # A name in the text is no order to the test gateway. Nobody looks for what comes back.
        sender = dataclasses.replace(sender, takes_orders=False, returns_to="")
        return Way(gateway.name, sender, is_test=provider_named(gateway.name).shows_calls)


def _automatic(organization: Organization) -> Gateway | None:
    """Return the gateway that the organization chose, unless its staff send by hand."""
    try:
        gateway = gateway_of(organization, EMAIL)
    except LookupError:
        return None
    return None if gateway.by_hand else gateway
