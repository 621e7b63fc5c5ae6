"""Invitations: a link that makes the person who accepts it a member; pages add members in no other way."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app

from crm.accounts import members, passwords
from crm.accounts.members import Details
from crm.accounts.models import Invitation, Organization, User
from crm.accounts.rules import normalize_username, tenant_key, token_hash, typed_spelling
from crm.accounts.signals import invited
from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.roles import Role
from crm.kernel.tenancy import current_actor, enter_organization, require_organization, use_organization
from crm.values import clock
from crm.values.language import N_
from crm.values.language import gettext as _

LASTS = dt.timedelta(days=7)


class Offer(NamedTuple):
    organization_id: int
    organization: str
    slug: str
    label: str
    role: Role
    expires_at: dt.datetime


class NewInvitation(NamedTuple):
    """`mail_note` says whether the link goes by e-mail, in the reader's language."""

    token: str
    mail_note: str


class EndedError(SentenceError):
    """The link is unknown, used, revoked or expired; the sentence doesn't say which."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "This invitation can't be opened. It may be incomplete, used, revoked, or older than 7 days. "
                "If you have joined already, sign in. Otherwise ask for a new one."
            )
        )


class UsernameTakenError(SentenceError):
    def __init__(self) -> None:
        super().__init__(_("Choose another user name. If this one is yours, sign in with it first."))


def invite(name: str, email: str, details: Details, key: RequestKey | None = None) -> NewInvitation:
    """Create an invitation: with the same `key` the same one, while the invitation is open."""
    token = _new_token(key)
    with transaction() as session:
        members.lock_acting_owner()
        once = Once(key)
        if once.earlier is not None:
            earlier = session.get(Invitation, once.earlier)
            if earlier is None:
                raise ConflictError(_("This invitation was used or revoked in the meantime. Invite them anew."))
            return NewInvitation(token, earlier.mail_shown)
        members.check_branch(details.branch_id)
        row = Invitation(
            token_hash=token_hash(token),
            name=name,
            email=email,
            role_name=details.role.label,
            branch_id=details.branch_id,
            created_by_id=current_actor(),
            expires_at=clock.utcnow() + LASTS,
        )
        session.add(row)
        session.flush()
        record("user.invited", row, changes={"name": [None, row.label], "role": [None, details.role.label]})
        invited.send(row, token=token)
        once.made(row.id)
        return NewInvitation(token, row.mail_shown)


def revoke(invitation_id: int) -> None:
    with transaction() as session:
        row = session.get(Invitation, invitation_id)
        if row is not None:
            record("user.invitation_revoked", row, changes={"name": [row.label, None]})
            session.delete(row)


def offer_of(token: str) -> Offer:
    """Raise EndedError for a link that opens nothing."""
    with use_organization(_organization_in(token)):
        row = db.session.scalars(_open(token)).first()
        if row is None:
            raise EndedError
        organization = db.session.get_one(Organization, row.organization_id)
        return Offer(organization.id, organization.name, organization.slug, row.label, row.role, row.expires_at)


def accept(token: str, user_id: int) -> None:
    """Add the user as a member; raises EndedError, or ConflictError for a present or former member."""
    with use_organization(_organization_in(token), user_id), transaction() as session:
        members.lock_users()
        _take(token, session.get_one(User, user_id))


def accept_as_new(token: str, username: str, password: str) -> int:
    """Create a user who joins by a link and return their id; raises EndedError or UsernameTakenError."""
    hashed = passwords.hash_password(password)
    with use_organization(_organization_in(token)), transaction() as session:
        members.lock_users()
        normal = normalize_username(username)
        if session.scalar(sa.select(User.id).where(User.username == normal)) is not None:
            raise UsernameTakenError
        user = User(username=normal, password_hash=hashed)
        session.add(user)
        session.flush()
        enter_organization(require_organization(), user.id)
        user.name = _take(token, user).name or typed_spelling(username)
        return user.id


def _take(token: str, user: User) -> Invitation:
    row = db.session.scalars(locked(_open(token))).first()
    if row is None:
        raise EndedError
    membership = members.membership_of(user.id)
    if membership is not None:
        raise ConflictError(STILL_DISABLED if membership.disabled_at else _("You work here already."))
    members.enter("user.joined", user, Details(row.role, row.branch_id))
    db.session.delete(row)
    return row


STILL_DISABLED = N_("You worked here before and were disabled. Ask an owner to enable you; no invitation is needed.")


def _open(token: str) -> sa.Select[Invitation]:
    return sa.select(Invitation).where(Invitation.token_hash == token_hash(token), Invitation.expires_at > db_now())


def _organization_in(token: str) -> int:
    """Return the organization that a token names: row-level security needs it before the row is read."""
    found, _ = tenant_key(token.partition("-")[0])
    if not found:
        raise EndedError
    return found


def _new_token(key: RequestKey | None) -> str:
    """Return a random token; for a form's key always the same one, so that sending it twice gives one link."""
    if key is None:
        return f"{require_organization()}-{secrets.token_urlsafe(24)}"
    material = f"invitation {require_organization()} {current_actor()} {key.key} {key.fingerprint}"
    digest = hmac.new(current_app.config["SECRET_KEY"].encode(), material.encode(), hashlib.sha256).hexdigest()
    return f"{require_organization()}-{digest[:48]}"
