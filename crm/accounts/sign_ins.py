"""Signing in and out."""

from __future__ import annotations

import datetime as dt
import logging
import secrets

import sqlalchemy as sa

from crm import clock
from crm.accounts import passwords, throttle
from crm.accounts.models import Membership, SignIn, User
from crm.accounts.rules import account_key, normalize_username, token_hash
from crm.accounts.throttle import ThrottledError
from crm.columns import db_now
from crm.db import transaction
from crm.errors import SentenceError
from crm.extensions import db

__all__ = ["SignInError", "ThrottledError", "authenticate", "first_organization", "sign_in", "sign_out", "switch"]

SIGN_IN_LASTS = dt.timedelta(days=30)

log = logging.getLogger(__name__)


class SignInError(SentenceError):
    """Who asks is not let in; the sentence tells nothing that a stranger may not know."""


def authenticate(username: str, password: str, address: str, device: str = "") -> int:
    """Return the id of the user with this name and password; `device` names a browser that the account knows.

    Raises SignInError, or ThrottledError without looking at the password. The attempt counts as failed from its
    beginning, so that many at once can't outrun the limit.
    """
    throttle.count_sign_in(username, address, device)
    user = db.session.scalar(sa.select(User).where(User.username == normalize_username(username)))
    right = passwords.matches(user.password_hash if user else passwords.NOBODY, password)
    if user is None or not right:
        log.warning("sign-in refused: account %s from %s", account_key(username)[:12], address)
        raise SignInError("User name and password don't match. Check both, then try again.")
    user_id: int = user.id
    throttle.forgive_sign_in(username, address, device)
    return user_id


def sign_in(user_id: int, organization_id: int | None = None) -> str:
    """Return the token of a new sign-in of the user, in this organization or the first they joined.

    Raises SignInError when no organization lets them in.
    """
    token = secrets.token_urlsafe(32)
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.expires_at <= db_now()))
        first = first_organization(user_id)
        session.add(
            SignIn(
                token_hash=token_hash(token),
                user_id=user_id,
                organization_id=organization_id or first,
                expires_at=clock.utcnow() + SIGN_IN_LASTS,
            )
        )
    log.info("signed in: user %s", user_id)
    return token


def first_organization(user_id: int) -> int:
    """Return the id of the organization that the user joined first; raises SignInError when none lets them in."""
    first: int | None = db.session.scalar(
        sa.select(Membership.organization_id)
        .where(Membership.user_id == user_id, Membership.disabled_at.is_(None))
        .order_by(Membership.id)
    )
    if first is None:
        raise SignInError("Your user is disabled. Ask an owner of your organization to enable it.")
    return first


def sign_out(sign_in_id: int) -> None:
    """End a sign-in on the server: its cookie is worth nothing from now on."""
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.id == sign_in_id))


def switch(sign_in_id: int, user_id: int, organization_id: int) -> bool:
    """Let a signed-in user act in another of their organizations; False when they may not."""
    with transaction() as session:
        member = session.scalar(
            sa.select(Membership.id).where(
                Membership.user_id == user_id,
                Membership.organization_id == organization_id,
                Membership.disabled_at.is_(None),
            )
        )
        if member is None:
            return False
        session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(organization_id=organization_id))
        return True
