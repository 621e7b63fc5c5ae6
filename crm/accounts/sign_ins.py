"""Signing in and out."""

from __future__ import annotations

import datetime as dt
import logging
import secrets

import sqlalchemy as sa

from crm.accounts import passwords, presence, throttle
from crm.accounts.browsers import NewBrowser
from crm.accounts.models import Membership, SignIn, TokenFamily, User
from crm.accounts.queries import organization_called
from crm.accounts.rules import account_key, normalize_username, token_hash
from crm.accounts.signals import signed_in_anew
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import db
from crm.values import clock
from crm.values.language import gettext as _

SIGN_IN_LASTS = dt.timedelta(days=30)

log = logging.getLogger(__name__)


class SignInError(SentenceError):
    pass


def authenticate(username: str, password: str, address: str, device: str = "") -> int:
    """Return the id of the user with this name and password; `device` names a browser that the account knows.

    Raises SignInError, or ThrottledError before the password is compared. The attempt counts as failed from its
    beginning, so that parallel attempts can't exceed the limit.
    """
    throttle.count_sign_in(username, address, device)
    user = db.session.scalar(sa.select(User).where(User.username == normalize_username(username)))
    right = passwords.matches(user.password_hash if user else passwords.NOBODY, password)
    if user is None or not right:
        # An unknown name may be a password in the wrong field: don't log it.
        who = f"user {user.id}" if user else f"nobody, account {account_key(username)[:12]}"
        log.warning("sign-in refused: %s from %s", who, address)
        raise SignInError(_("User name and password don't match. Check both, then try again."))
    user_id: int = user.id
    throttle.forgive_sign_in(username, address, device)
    return user_id


def sign_in(
    user_id: int, organization_id: int | None = None, *, nowhere: bool = False, browser: NewBrowser | None = None
) -> str:
    """Return the token of a new sign-in; raises SignInError without an organization, unless `nowhere` allows it.

    `browser` is one that the account doesn't know yet.
    """
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.expires_at <= db_now()))
        first = organization_id or first_organization(user_id)
        if first is None and not nowhere:
            raise SignInError(_why_nowhere(user_id))
        session.execute(presence.seen().where(Membership.user_id == user_id, Membership.organization_id == first))
        session.add(
            SignIn(
                token_hash=token_hash(token),
                user_id=user_id,
                organization_id=first,
                expires_at=clock.utcnow() + SIGN_IN_LASTS,
            )
        )
        if browser is not None:
            signed_in_anew.send(session.get_one(User, user_id), browser=browser)
    log.info("signed in: user %s", user_id)
    return token


def first_organization(user_id: int) -> int | None:
    """Return the id of the organization that the user joined first and is not disabled in."""
    first: int | None = db.session.scalar(_organizations_of(user_id).order_by(Membership.id).limit(1))
    return first


def organization_of(user_id: int, asked: str) -> int | None:
    """Return the user's organization with this id or slug, the first joined for ""; None if it isn't theirs."""
    first = first_organization(user_id)
    if first is None:
        raise SignInError(_why_nowhere(user_id))
    if not asked:
        return first
    found: int | None = db.session.scalar(
        _organizations_of(user_id).where(Membership.organization_id == organization_called(asked))
    )
    return found


def sign_out(sign_in_id: int) -> None:
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.id == sign_in_id))


def switch(sign_in_id: int, user_id: int, organization_id: int) -> bool:
    """Act in another organization of the user; False when they may not."""
    with transaction() as session:
        if session.scalar(_organizations_of(user_id).where(Membership.organization_id == organization_id)) is None:
            return False
        session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(organization_id=organization_id))
        return True


def end_in(user_id: int, organization_id: int) -> None:
    """End the user's tokens and sign-ins in an organization, in the open transaction.

    The browser of a user of several organizations stays signed in and asks for the next one; it never switches by
    itself.
    """
    tokens = sa.delete(TokenFamily).where(TokenFamily.user_id == user_id)
    db.session.execute(tokens.where(TokenFamily.organization_id == organization_id))
    here = (SignIn.user_id == user_id, SignIn.organization_id == organization_id)
    if first_organization(user_id) is None:
        db.session.execute(sa.delete(SignIn).where(SignIn.user_id == user_id))
    else:
        db.session.execute(sa.update(SignIn).where(*here).values(organization_id=None))


def _organizations_of(user_id: int) -> sa.Select[int]:
    return sa.select(Membership.organization_id).where(Membership.user_id == user_id, Membership.disabled_at.is_(None))


def _why_nowhere(user_id: int) -> str:
    if db.session.scalar(sa.select(Membership.id).where(Membership.user_id == user_id).limit(1)) is not None:
        return _("Your user is disabled. Ask an owner of your organization to enable it.")
    return _("You work in no organization now. Ask an owner for an invitation, and open its link.")
