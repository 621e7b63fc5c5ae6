"""Signing in and out, and the throttle against guessing."""

from __future__ import annotations

import datetime as dt
import logging
import math
import secrets

import sqlalchemy as sa

from crm import clock
from crm.accounts import passwords
from crm.accounts.models import Membership, SignIn, SignInFailure, User
from crm.accounts.rules import account_key, network_of, normalize_username, token_hash
from crm.columns import db_now
from crm.db import transaction
from crm.errors import SentenceError
from crm.extensions import db

SIGN_IN_LASTS = dt.timedelta(days=30)
WINDOW = dt.timedelta(minutes=5)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 10
FAILURES_PER_ADDRESS = 50
FAILURES_PER_ACCOUNT = 100

log = logging.getLogger(__name__)


class SignInError(SentenceError):
    """Who asks is not let in; the sentence tells nothing that a stranger may not know."""


class ThrottledError(SentenceError):
    """Too many attempts failed lately; one is looked at again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        minutes = math.ceil(seconds / 60)
        super().__init__(
            f"Too many wrong passwords. Wait {minutes} {'minute' if minutes == 1 else 'minutes'}, then try again."
        )
        self.seconds = seconds


def authenticate(username: str, password: str, address: str) -> int:
    """Return the id of the user with this name and password.

    Raises SignInError, or ThrottledError without looking at the password. The attempt counts as failed from its
    beginning, so that many at once can't outrun the limit.
    """
    account, network = account_key(username), network_of(address)
    _count_attempt(account, network)
    user = db.session.scalar(sa.select(User).where(User.username == normalize_username(username)))
    right = passwords.matches(user.password_hash if user else passwords.NOBODY, password)
    if user is None or not right:
        log.warning("sign-in refused: account %s from %s", account[:12], address)
        raise SignInError("User name and password don't match. Check both, then try again.")
    user_id: int = user.id
    with transaction() as session:
        session.execute(
            sa.delete(SignInFailure).where(SignInFailure.account == account, SignInFailure.address == network)
        )
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


def _count_attempt(account: str, network: str) -> None:
    with transaction() as session:
        session.execute(sa.delete(SignInFailure).where(SignInFailure.at <= clock.utcnow() - WINDOW))
        attempt = SignInFailure(account=account, address=network)
        session.add(attempt)
        session.flush()
        attempt_id = attempt.id
    seconds = _seconds_to_wait(account, network)
    if seconds:
        with transaction() as session:
            session.execute(sa.delete(SignInFailure).where(SignInFailure.id == attempt_id))
        log.warning("sign-in throttled: account %s from %s", account[:12], network)
        raise ThrottledError(seconds)


def _seconds_to_wait(account: str, network: str) -> int:
    now = clock.utcnow()
    by_account, by_network = SignInFailure.account == account, SignInFailure.address == network
    waits = [0]
    for limit, condition in (
        (FAILURES_PER_ACCOUNT_AND_ADDRESS, sa.and_(by_account, by_network)),
        (FAILURES_PER_ADDRESS, by_network),
        (FAILURES_PER_ACCOUNT, by_account),
    ):
        # Beyond the newest `limit` and the attempt itself: while such a one is in the window, the limit is reached.
        oldest = db.session.scalar(
            sa.select(SignInFailure.at)
            .where(condition, SignInFailure.at > now - WINDOW)
            .order_by(SignInFailure.at.desc())
            .offset(limit)
            .limit(1)
        )
        if oldest is not None:
            waits.append(max(1, math.ceil((oldest + WINDOW - now).total_seconds())))
    return max(waits)
