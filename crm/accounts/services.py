"""Services of organizations and their users, for pages and commands."""

from __future__ import annotations

import datetime as dt
from secrets import token_hex
from typing import Any, NamedTuple

import sqlalchemy as sa
from blinker import Signal
from flask import current_app

from crm.accounts import members, passwords, queries
from crm.accounts.models import Membership, Organization, User
from crm.accounts.rules import (
    SECRETS,
    SETTINGS,
    normalize_username,
    parse_setting,
    setup_code,
    slug_of,
    typed_spelling,
)
from crm.kernel import vault
from crm.kernel.db import transaction
from crm.kernel.errors import SentenceError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import current_actor, enter_organization, use_organization
from crm.values import money
from crm.values.language import gettext as _

organization_changed = Signal()
"""Sent by the organization within the transaction, with `changes`: {setting: [before, after]}."""

settings_given = Signal()
"""Sent by the organization within the transaction, with the `names` of all given settings, changed or not."""


class NewOwner(NamedTuple):
    username: str
    password: str


def create_organization(slug: str, **values: Any) -> Organization:
    with transaction() as session:
        if session.scalar(sa.select(Organization.id).where(Organization.slug == slug)):
            raise SentenceError(f"There is an organization {slug} already.")
        organization = Organization(slug=slug, **values)
        session.add(organization)
        session.flush()
        return organization


def settings_of(organization: Organization) -> dict[str, Any]:
    """Return the settings as plain values: times as HH:MM, amounts as JSON has them."""
    plain: dict[str, Any] = {"id": organization.id, "slug": organization.slug}
    for key in SETTINGS:
        value = getattr(organization, key)
        plain[key] = value.strftime("%H:%M") if isinstance(value, dt.time) else value
    return plain | {"earn_per": money.to_json(organization.earn_per, organization.currency)}


def change_organization(organization_id: int, values: dict[str, str]) -> Organization:
    """Change settings and secrets given as text ("" removes a secret), or raise ValueError or SentenceError."""
    with use_organization(organization_id, current_actor()), transaction() as session:
        organization = session.get_one(Organization, organization_id)
        parsed = _parse(values, organization)
        for key in parsed.keys() & SETTINGS.keys():
            setattr(organization, key, parsed[key])
        secrets = {key: parsed[key] for key in parsed.keys() & SECRETS.keys()}
        changes = changes_of(organization) | _keep_secrets(secrets)
        if "currency" in changes and queries.has_money():
            raise SentenceError(_("The currency can't be changed: invoices use it."))
        if not SECRETS.keys().isdisjoint(changes):
            organization.secrets_stamp = token_hex(16)
        if changes:
            record("organization.changed", organization, changes=changes)
            organization_changed.send(organization, changes=changes)
        settings_given.send(organization, names=values.keys())
        return organization


def _parse(values: dict[str, str], organization: Organization) -> dict[str, Any]:
    """Parse settings; amounts are of the new currency, and those that are not given stay as they are read."""
    before, currency = organization.currency, parse_setting("currency", values.get("currency", organization.currency))
    parsed = {key: parse_setting(key, value, currency) for key, value in values.items()}
    if money.scale(currency) != money.scale(before) and "earn_per" not in values:
        parsed["earn_per"] = organization.earn_per * money.unit(currency) // money.unit(before)
    return parsed


def create_user(
    username: str,
    password: str,
    organization_id: int,
    role: Role,
    *,
    name: str = "",
    branch: str | None = None,
) -> User:
    """Add a user with a membership; an existing user joins and keeps their password."""
    with use_organization(organization_id, current_actor()), transaction() as session:
        found = queries.branch_called(branch) if branch else None
        if branch and found is None:
            raise SentenceError(f"There is no branch {branch}. Add it in the settings first.")
        details = members.Details(role, found.id if found else None, name)
        added = members.add(username, password, details)
        return session.get_one(User, added.user_id)


def hash_password(password: str) -> str:
    return passwords.hash_password(password)


def password_matches(user: User, password: str) -> bool:
    return passwords.matches(user.password_hash, password)


def set_password(user_id: int, password: str) -> None:
    """Change a password; end all sign-ins of the user and the invitations they made."""
    hashed = passwords.hash_password(password)
    with transaction():
        members.give_password(user_id, hashed)
    members.revoke_everywhere(user_id)


def installation_is_empty() -> bool:
    return db.session.scalar(sa.select(User.id).limit(1)) is None


def setup_invitation() -> str | None:
    """Return the sentence with the link to set up an empty installation; None when it has users."""
    if not installation_is_empty():
        return None
    code = setup_code(current_app.config["SECRET_KEY"])
    # Browsers keep the part after # to themselves, so no proxy logs the code.
    link = f"{current_app.config['PUBLIC_URL']}/setup#code={code}"
    return f"Nobody can sign in yet. Set up your organization: {link}"


def set_up(settings: dict[str, str], owner: NewOwner) -> int | None:
    """Create the first organization and its owner; return the owner's id, None when the installation is not empty."""
    parsed = {key: parse_setting(key, value) for key, value in settings.items()}
    hashed = passwords.hash_password(owner.password)
    with transaction() as session:
        members.lock_users()
        if not installation_is_empty():
            return None
        user = User(
            username=normalize_username(owner.username), name=typed_spelling(owner.username), password_hash=hashed
        )
        organization = Organization(slug=_free_slug(parsed["name"]), **parsed)
        session.add_all([user, organization])
        session.flush()
        enter_organization(organization.id, user.id)
        session.add(Membership(user_id=user.id, organization_id=organization.id, role=Role.OWNER))
        record("organization.created", organization)
        record("user.added", user, changes={"role": [None, Role.OWNER.label]})
        return user.id


def _free_slug(name: str) -> str:
    slug = slug_of(name)
    taken = set(db.session.scalars(sa.select(Organization.slug).where(Organization.slug.startswith(slug))))
    numbered = (f"{slug}-{number}" for number in range(2, len(taken) + 3))
    return slug if slug not in taken else next(free for free in numbered if free not in taken)


def _keep_secrets(secrets: dict[str, str]) -> dict[str, list[Any]]:
    """Store secrets and return the changes for the event, without the values."""
    before = vault.names()
    for name, value in secrets.items():
        if value:
            vault.keep(name, value)
        else:
            vault.forget(name)
    return {
        name: ["set" if name in before else None, "set" if value else None]
        for name, value in secrets.items()
        if value or name in before
    }
