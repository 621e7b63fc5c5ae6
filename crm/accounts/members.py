"""Services of the users of the current organization."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from flask import current_app

from crm.accounts import passwords, queries, sign_ins
from crm.accounts.models import Branch, Invitation, Membership, SignIn, TokenFamily, User
from crm.accounts.rules import normalize_username
from crm.accounts.signals import password_given
from crm.kernel.db import locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import current_actor, require_organization, use_organization
from crm.values import clock
from crm.values.language import N_
from crm.values.language import gettext as _


class Details(NamedTuple):
    """What an owner decides about a user; `name` is ignored for a user of several organizations."""

    role: Role
    branch_id: int | None = None
    name: str = ""


class Added(NamedTuple):
    """`existed`: the user name was in use, so the password was not changed."""

    user_id: int
    existed: bool


def add(username: str, password: str, details: Details) -> Added:
    """Add a user or, from another organization, an existing one who keeps their password; pages invite instead."""
    hashed = passwords.hash_password(password)
    with transaction() as session:
        lock_users()
        user = session.scalar(sa.select(User).where(User.username == normalize_username(username)))
        existed = user is not None and user.password_hash != ""
        if user is None:
            user = User(username=normalize_username(username), name=details.name, password_hash=hashed)
            session.add(user)
            session.flush()
        elif not existed:
            _give_back(user, hashed)
        elif membership_of(user.id) is not None:
            raise SentenceError(_("%(user)s is a user of this organization already.", user=user.username))
        check_branch(details.branch_id)
        enter("user.added", user, details)
        return Added(user.id, existed)


def _give_back(user: User, hashed: str) -> None:
    """Let a user in who came from a backup, which has no passwords; what they were there is decided anew."""
    user.password_hash = hashed
    membership = membership_of(user.id)
    if membership is not None:
        db.session.delete(membership)
    db.session.flush()


def enter(action: str, user: User, details: Details) -> None:
    membership = Membership(
        user_id=user.id, organization_id=require_organization(), role=details.role, branch_id=details.branch_id
    )
    db.session.add(membership)
    record(action, user, changes={"role": [None, details.role.label], "branch_id": [None, details.branch_id]})


def change(membership_id: int, details: Details) -> None:
    with transaction():
        membership = _get_locked(membership_id)
        if details.role < Role.OWNER:
            _refuse_last_owner(membership, _("Make someone else an owner first: an organization needs one."))
            _revoke_invitations_of(membership.user_id)
        check_branch(details.branch_id)
        membership.role, membership.branch_id = details.role, details.branch_id
        changes = changes_of(membership)
        if not queries.works_elsewhere(membership.user_id):
            membership.user.name = details.name
            changes |= changes_of(membership.user)
        if changes:
            record("user.changed", membership.user, changes=changes)


def disable(membership_id: int) -> bool:
    """Disable a user; False when they are already. Raises ConflictError for oneself or the last owner."""
    with transaction() as session:
        membership = _get_locked(membership_id)
        if membership.disabled_at is not None:
            return False
        if membership.user_id == current_actor():
            raise ConflictError(_("You can't disable yourself. Another owner can."))
        _refuse_last_owner(membership, _("This is the only owner. Make someone else an owner first."))
        membership.disabled_at = clock.utcnow()
        session.flush()
        _shut_out(membership)
        record("user.disabled", membership.user)
        return True


def leave() -> None:
    with transaction() as session:
        membership = _get_locked(_own_membership().id)
        _refuse_last_owner(membership, LAST_OWNER_STAYS)
        record("user.left", membership.user, changes={"role": [membership.role.label, None]})
        session.delete(membership)
        session.flush()
        _shut_out(membership)


def lock_acting_owner() -> None:
    """Lock the acting user's membership; raises ConflictError when they are not an owner any more."""
    own = _in_this_organization().where(Membership.user_id == current_actor())
    membership = db.session.scalars(locked(own)).first()
    if membership is None or membership.role is not Role.OWNER or membership.disabled_at is not None:
        raise ConflictError(_("You are not an owner any more. Ask an owner to do this."))


def is_last_owner() -> bool:
    membership = _own_membership()
    return membership.role is Role.OWNER and _another_owner(membership) is None


def enable(membership_id: int) -> bool:
    with transaction():
        membership = _get_locked(membership_id)
        if membership.disabled_at is None:
            return False
        membership.disabled_at = None
        record("user.enabled", membership.user)
        return True


def change_own_password(user_id: int, password: str) -> None:
    """Change the acting user's password; end all their sign-ins and the invitations they made."""
    hashed = passwords.hash_password(password)
    with transaction() as session:
        give_password(user_id, hashed)
        record("user.password_changed", session.get_one(User, user_id))
    revoke_everywhere(user_id)


def reset_password(membership_id: int, password: str) -> None:
    """Raise ConflictError for a user of several organizations: one owner has no say in the others."""
    hashed = passwords.hash_password(password)
    with transaction():
        membership = _get_locked(membership_id)
        if queries.works_elsewhere(membership.user_id):
            raise ConflictError(NOT_YOURS_TO_RESET)
        give_password(membership.user_id, hashed)
        _revoke_invitations_of(membership.user_id)
        record("user.password_reset", membership.user)


def give_password(user_id: int, hashed: str) -> None:
    """Change a password in the open transaction; end all sign-ins and API tokens."""
    db.session.execute(sa.update(User).where(User.id == user_id).values(password_hash=hashed))
    db.session.execute(sa.delete(SignIn).where(SignIn.user_id == user_id))
    db.session.execute(sa.delete(TokenFamily).where(TokenFamily.user_id == user_id))
    password_given.send(db.session.get_one(User, user_id))


def lock_users() -> None:
    """Let one transaction at a time add users, so that a user name is given once."""
    # SQLite has one writer at a time anyway.
    if db.engine.dialect.name == "postgresql":
        statement = sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE")
        db.session.execute(statement, execution_options={"all_organizations": True})


LAST_OWNER_STAYS = N_("You are the only owner, and an organization needs one. Make someone else an owner first.")

NOT_YOURS_TO_RESET = N_(
    "This user also works in another organization, so only they can change their password. Your administrator can "
    "reset it: flask user reset-password."
)


def membership_of(user_id: int) -> Membership | None:
    return db.session.scalars(_in_this_organization().where(Membership.user_id == user_id)).first()


def _own_membership() -> Membership:
    return db.session.scalars(_in_this_organization().where(Membership.user_id == current_actor())).one()


def _get_locked(membership_id: int) -> Membership:
    # Lock all owners with it, in one order: the last two can't demote each other at the same time.
    owners_and_one = _in_this_organization().where(
        sa.or_(Membership.id == membership_id, Membership.role_name == Role.OWNER.label)
    )
    rows: list[Membership] = list(db.session.scalars(locked(owners_and_one.order_by(Membership.id))))
    return next(row for row in rows if row.id == membership_id)


def _in_this_organization() -> sa.Select[Membership]:
    return sa.select(Membership).where(Membership.organization_id == require_organization())


def _refuse_last_owner(membership: Membership, sentence: str) -> None:
    if membership.role is Role.OWNER and _another_owner(membership) is None:
        raise ConflictError(sentence)


def _another_owner(membership: Membership) -> Membership | None:
    others = _in_this_organization().where(
        Membership.role_name == Role.OWNER.label, Membership.disabled_at.is_(None), Membership.id != membership.id
    )
    return db.session.scalars(others.limit(1)).first()


def _shut_out(membership: Membership) -> None:
    sign_ins.end_in(membership.user_id, membership.organization_id)
    _revoke_invitations_of(membership.user_id)


def revoke_everywhere(user_id: int) -> None:
    """End the invitations that a user made in any organization: a thief of the old password knows the links."""
    organizations = sa.select(Membership.organization_id).where(Membership.user_id == user_id)
    for organization_id in db.session.scalars(organizations).all():
        # In a session of its own: the caller's rows stay loaded.
        with current_app.app_context(), use_organization(organization_id, current_actor()), transaction():
            _revoke_invitations_of(user_id)


def _revoke_invitations_of(user_id: int) -> None:
    # They know the links and could join again as another user.
    db.session.execute(sa.delete(Invitation).where(Invitation.created_by_id == user_id))


def check_branch(branch_id: int | None) -> None:
    if branch_id is not None and db.session.get(Branch, branch_id) is None:
        raise SentenceError(_("Choose a branch of the list."))
