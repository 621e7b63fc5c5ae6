"""What is done with organizations, users and sign-ins."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from crm import clock
from crm.accounts.models import Branch, Membership, Organization, SignIn, SignInFailure, User
from crm.accounts.roles import Role
from crm.accounts.rules import SETTINGS, account_key, normalize_username, parse_setting, token_hash
from crm.columns import db_now
from crm.db import transaction
from crm.events import changes_of, record
from crm.extensions import db
from crm.tenancy import current_actor, use_organization

SIGN_IN_LASTS = dt.timedelta(days=30)
WINDOW = dt.timedelta(minutes=5)
FAILURES_PER_ACCOUNT_AND_ADDRESS = 10
FAILURES_PER_ADDRESS = 50
FAILURES_PER_ACCOUNT = 100

# OWASP's Password Storage Cheat Sheet: Argon2id with 19 MiB, 2 iterations, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY = _hasher.hash(secrets.token_hex(16))


class ThrottledError(Exception):
    """Too many wrong passwords lately."""


def sign_in(username: str, password: str, address: str) -> str | None:
    """Return the token of a new sign-in, or None when name or password is wrong.

    Raises ThrottledError without looking at the password once too many attempts failed.
    """
    account = account_key(username)
    _refuse_when_throttled(account, address)
    user = db.session.scalar(sa.select(User).where(User.username == normalize_username(username)))
    right = _matches(user.password_hash if user else _NOBODY, password)
    if user is None or not right or not user.is_active:
        with transaction() as session:
            session.add(SignInFailure(account=account, address=address))
        return None
    user_id = user.id
    with transaction() as session:
        session.execute(
            sa.delete(SignInFailure).where(SignInFailure.account == account, SignInFailure.address == address)
        )
        session.execute(sa.delete(SignIn).where(SignIn.expires_at <= db_now()))
        return start_session(user_id)


def start_session(user_id: int) -> str:
    """Return the token of a new sign-in of the user, in the organization they joined first."""
    token = secrets.token_urlsafe(32)
    first = db.session.scalar(
        sa.select(Membership.organization_id).where(Membership.user_id == user_id).order_by(Membership.id)
    )
    db.session.add(
        SignIn(
            token_hash=token_hash(token),
            user_id=user_id,
            organization_id=first,
            expires_at=clock.utcnow() + SIGN_IN_LASTS,
        )
    )
    return token


def sign_out(sign_in_id: int) -> None:
    """End a sign-in on the server: its cookie is worth nothing from now on."""
    with transaction() as session:
        session.execute(sa.delete(SignIn).where(SignIn.id == sign_in_id))


def switch(sign_in_id: int, user_id: int, organization_id: int) -> bool:
    """Let a signed-in user act in another of their organizations; False when they are no member."""
    with transaction() as session:
        member = session.scalar(
            sa.select(Membership.id).where(Membership.user_id == user_id, Membership.organization_id == organization_id)
        )
        if member is None:
            return False
        session.execute(sa.update(SignIn).where(SignIn.id == sign_in_id).values(organization_id=organization_id))
        return True


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return _hasher.hash(password)


def password_matches(user: User, password: str) -> bool:
    """Whether `password` is the user's."""
    return _matches(user.password_hash, password)


def set_password(user_id: int, password: str, *, keep_sign_in: int | None = None) -> None:
    """Change a password and end the user's other sign-ins."""
    hashed = hash_password(password)
    with transaction() as session:
        session.execute(sa.update(User).where(User.id == user_id).values(password_hash=hashed))
        session.execute(sa.delete(SignIn).where(SignIn.user_id == user_id, SignIn.id != (keep_sign_in or 0)))


def create_organization(slug: str, **values: Any) -> Organization:
    """Add an organization."""
    with transaction() as session:
        organization = Organization(slug=slug, **values)
        session.add(organization)
        session.flush()
        return organization


def settings_of(organization: Organization) -> dict[str, Any]:
    """Return the settings of an organization as plain values, times as HH:MM."""
    plain: dict[str, Any] = {"id": organization.id, "slug": organization.slug}
    for key in SETTINGS:
        value = getattr(organization, key)
        plain[key] = value.strftime("%H:%M") if isinstance(value, dt.time) else value
    return plain


def change_organization(organization_id: int, values: dict[str, str]) -> Organization:
    """Change settings given as text; raises ValueError with a sentence, and changes nothing then."""
    parsed = {key: parse_setting(key, value) for key, value in values.items()}
    with use_organization(organization_id, current_actor()), transaction() as session:
        organization = session.get_one(Organization, organization_id)
        for key, value in parsed.items():
            setattr(organization, key, value)
        changes = changes_of(organization)
        if changes:
            record("organization.changed", organization, changes=changes)
        return organization


def create_user(
    username: str,
    password: str,
    organization_id: int,
    role: Role,
    *,
    name: str = "",
    branch: str | None = None,
) -> User:
    """Add a user with a membership; an existing user joins the organization and keeps their password."""
    hashed = hash_password(password)
    with use_organization(organization_id), transaction() as session:
        branch_id = None
        if branch:
            branch_id = session.scalars(sa.select(Branch.id).where(Branch.name == branch)).one()
        user = session.scalar(sa.select(User).where(User.username == normalize_username(username)))
        if user is None:
            user = User(username=normalize_username(username), name=name, password_hash=hashed)
            session.add(user)
            session.flush()
        session.add(Membership(user_id=user.id, organization_id=organization_id, role=role, branch_id=branch_id))
        return user


def installation_is_empty() -> bool:
    """Whether nobody can sign in yet, so that the set-up wizard is open."""
    return db.session.scalar(sa.select(User.id).limit(1)) is None


def _refuse_when_throttled(account: str, address: str) -> None:
    since = clock.utcnow() - WINDOW
    by_account, by_address = SignInFailure.account == account, SignInFailure.address == address
    for limit, condition in (
        (FAILURES_PER_ACCOUNT_AND_ADDRESS, sa.and_(by_account, by_address)),
        (FAILURES_PER_ADDRESS, by_address),
        (FAILURES_PER_ACCOUNT, by_account),
    ):
        failures = db.session.scalar(
            sa.select(sa.func.count(SignInFailure.id)).where(condition, SignInFailure.at > since)
        )
        if (failures or 0) >= limit:
            raise ThrottledError


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False
