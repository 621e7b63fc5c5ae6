"""What is done with the users of the current organization."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from crm import clock
from crm.accounts import passwords, queries
from crm.accounts.models import Branch, Membership, SignIn, TokenFamily, User
from crm.accounts.roles import Role
from crm.accounts.rules import normalize_username
from crm.db import locked, transaction
from crm.errors import ConflictError, SentenceError
from crm.events import changes_of, record
from crm.extensions import db
from crm.idempotency import Once, RequestKey
from crm.tenancy import current_actor, require_organization


class Details(NamedTuple):
    """What an owner decides about a user; `name` is taken only where the user works nowhere else."""

    role: Role
    branch_id: int | None = None
    name: str = ""


class Added(NamedTuple):
    """A new member; `existed` says that the user name was in use, so that the password was left alone."""

    user_id: int
    existed: bool


def add(username: str, password: str, details: Details, key: RequestKey | None = None) -> Added:
    """Add a user; one whose name is in use in another organization joins, and their password stays as it is.

    Raises SentenceError when they are a member already.
    """
    hashed = passwords.hash_password(password)
    with transaction() as session:
        lock_users()
        once = Once(key)
        user = session.scalar(sa.select(User).where(User.username == normalize_username(username)))
        if once.earlier is not None:
            return Added(once.earlier, existed=user is not None and queries.works_elsewhere(user.id))
        existed = user is not None
        if user is None:
            user = User(username=normalize_username(username), name=details.name, password_hash=hashed)
            session.add(user)
            session.flush()
        elif _membership_of(user.id) is not None:
            raise SentenceError(f"{user.username} is a user of this organization already.")
        _check_branch(details.branch_id)
        session.add(
            Membership(
                user_id=user.id,
                organization_id=require_organization(),
                role=details.role,
                branch_id=details.branch_id,
            )
        )
        record("user.added", user, changes={"role": [None, details.role.label], "branch_id": [None, details.branch_id]})
        once.made(user.id)
        return Added(user.id, existed)


def change(membership_id: int, details: Details) -> None:
    """Change a user's role and branch; raises ConflictError rather than leave the organization without an owner."""
    with transaction():
        membership = _get_locked(membership_id)
        if details.role < Role.OWNER:
            _refuse_last_owner(membership, "Make someone else an owner first: an organization needs one.")
        _check_branch(details.branch_id)
        membership.role, membership.branch_id = details.role, details.branch_id
        changes = changes_of(membership)
        if not queries.works_elsewhere(membership.user_id):
            membership.user.name = details.name
            changes |= changes_of(membership.user)
        if changes:
            record("user.changed", membership.user, changes=changes)


def disable(membership_id: int) -> bool:
    """Shut a user out of the organization, at once; False when they are already.

    Raises ConflictError for oneself and for the last owner.
    """
    with transaction() as session:
        membership = _get_locked(membership_id)
        if membership.disabled_at is not None:
            return False
        if membership.user_id == current_actor():
            raise ConflictError("You can't disable yourself. Another owner can.")
        _refuse_last_owner(membership, "This is the only owner. Make someone else an owner first.")
        membership.disabled_at = clock.utcnow()
        session.execute(
            sa.delete(SignIn).where(
                SignIn.user_id == membership.user_id, SignIn.organization_id == membership.organization_id
            )
        )
        if not queries.works_elsewhere(membership.user_id):
            session.execute(sa.delete(TokenFamily).where(TokenFamily.user_id == membership.user_id))
        record("user.disabled", membership.user)
        return True


def enable(membership_id: int) -> bool:
    """Let a disabled user in again; False when they are not disabled."""
    with transaction():
        membership = _get_locked(membership_id)
        if membership.disabled_at is None:
            return False
        membership.disabled_at = None
        record("user.enabled", membership.user)
        return True


def change_own_password(user_id: int, password: str) -> None:
    """Change the password of the one who acts, and end all their sign-ins."""
    hashed = passwords.hash_password(password)
    with transaction() as session:
        give_password(user_id, hashed)
        record("user.password_changed", session.get_one(User, user_id))


def reset_password(membership_id: int, password: str) -> None:
    """Give a user a new password and end their sign-ins.

    Raises ConflictError for a user who works in another organization too: the password opens that one as well, and
    whoever owns this one has no say there.
    """
    hashed = passwords.hash_password(password)
    with transaction():
        membership = _get_locked(membership_id)
        if queries.works_elsewhere(membership.user_id):
            raise ConflictError(NOT_YOURS_TO_RESET)
        give_password(membership.user_id, hashed)
        record("user.password_reset", membership.user)


def give_password(user_id: int, hashed: str) -> None:
    """Change a password in the open transaction, and end all sign-ins and tokens that the old one opened."""
    db.session.execute(sa.update(User).where(User.id == user_id).values(password_hash=hashed))
    db.session.execute(sa.delete(SignIn).where(SignIn.user_id == user_id))
    db.session.execute(sa.delete(TokenFamily).where(TokenFamily.user_id == user_id))


def lock_users() -> None:
    """Let one transaction at a time add users, so that a name is free or taken, never both."""
    # SQLite's transactions write one after the other already.
    if db.engine.dialect.name == "postgresql":
        statement = sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        db.session.execute(statement, execution_options={"all_organizations": True})


NOT_YOURS_TO_RESET = (
    "This user works in another organization too, so the password is theirs alone to change. Whoever runs this "
    "system can reset it: flask user reset-password."
)


def _membership_of(user_id: int) -> Membership | None:
    return db.session.scalars(_in_this_organization().where(Membership.user_id == user_id)).first()


def _get_locked(membership_id: int) -> Membership:
    # All owners are locked with it and in one order, so that the last two can't take the right from each other.
    owners_and_one = _in_this_organization().where(
        sa.or_(Membership.id == membership_id, Membership.role_name == Role.OWNER.label)
    )
    rows: list[Membership] = list(db.session.scalars(locked(owners_and_one.order_by(Membership.id))))
    return next(row for row in rows if row.id == membership_id)


def _in_this_organization() -> sa.Select[Membership]:
    return sa.select(Membership).where(Membership.organization_id == require_organization())


def _refuse_last_owner(membership: Membership, sentence: str) -> None:
    if membership.role is not Role.OWNER:
        return
    others = _in_this_organization().where(
        Membership.role_name == Role.OWNER.label, Membership.disabled_at.is_(None), Membership.id != membership.id
    )
    if db.session.scalars(others.limit(1)).first() is None:
        raise ConflictError(sentence)


def _check_branch(branch_id: int | None) -> None:
    if branch_id is not None and db.session.get(Branch, branch_id) is None:
        raise SentenceError("Choose a branch of the list.")
