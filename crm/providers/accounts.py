"""The account of a message: the organization's own, encrypted in the database, or the installation's.

An organization with any value of its own uses nothing of the installation's: accounts, tokens and numbers belong
together.
"""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.kernel.fingerprints import fingerprint
from crm.kernel.tenancy import require_organization
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.providers.base import Account, Sender
from crm.providers.directory import secrets_with
from crm.providers.registry import gateway_named, gateway_of, provider_named, providers_for
from crm.providers.smtp.return_path import PURPOSE
from crm.values.language import N_
from crm.values.stored import stored

NO_GATEWAY = stored(N_("There is no such gateway for %(channel)s. An owner can choose one in Settings › Messaging."))


def sender_of(organization: Organization, gateway: str, channel: Channel) -> Sender:
    """Return the account of the current organization for a gateway; unset values are empty."""
    account = provider_named(gateway).account
    if account is None:
        return Sender(takes_orders=current_app.config["MESSAGE_CONSOLE_ORDERS"])
    known, is_own = _secrets(account)
    installations = "" if is_own or channel not in account.addresses else account.addresses[channel]
    address = channel.sender(organization) or (str(current_app.config[installations]) if installations else "")
    sender = account.sender(known, address, current_app.config)
    key = fingerprint(PURPOSE, organization.id) if sender.returns_to else ""
    reply_to = channel.reply_to(organization)
    return replace(sender, name=organization.name, reply_to=reply_to, is_own=is_own, returns_key=key)


def installation_sender(channel: Channel) -> tuple[str, Sender] | None:
    """Return a gateway by which the installation itself can send, with its account; None where there is none."""
    for provider in providers_for(channel):
        if provider.account is None or channel not in provider.account.addresses:
            continue
        address = str(current_app.config.get(provider.account.addresses[channel], ""))
        sender = provider.account.sender(secrets_with({}, provider.account)[0], address, current_app.config)
        if not provider.gateway.lacks(sender, channel):
            return provider.name, sender
    return None


def shares_account(gateway: str) -> bool:
    account = provider_named(gateway).account
    if account is None or _secrets(account)[1]:
        return False
    carried = [channel for channel in all_channels() if gateway_named(gateway).carries(channel)]
    users = [
        getattr(Organization, channel.gateway_setting) == gateway for channel in carried if channel.gateway_setting
    ]
    is_user = sa.or_(*users) if len(users) == len(carried) else sa.true()
    others = sa.select(Organization.id).where(is_user, Organization.id != require_organization())
    return db.session.scalar(others.limit(1)) is not None


def lacking(organization: Organization, channel: Channel) -> str:
    """Say what is missing before the chosen gateway can send, or ""."""
    try:
        gateway = gateway_of(organization, channel)
    except LookupError:
        return NO_GATEWAY.english(channel=channel.label)
    return gateway.lacks(sender_of(organization, gateway.name, channel), channel)


def _secrets(account: Account) -> tuple[dict[str, str], bool]:
    return secrets_with(vault.reveal_all(), account)
