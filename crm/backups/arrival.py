"""The end of a restore: one transaction that lets people see the organization, with its users and nothing sent."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts import members
from crm.accounts.models import Invitation, Membership, Organization, User
from crm.accounts.queries import current_organization
from crm.accounts.rules import normalize_username, username_problem
from crm.accounts.services import hash_password
from crm.backups import installation
from crm.backups.rules import ArchiveError, Contents
from crm.backups.snapshot import Row
from crm.kernel.data import USERS, Arrival
from crm.kernel.db import transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.roles import Role

NAME_LENGTH = 100


class Done(NamedTuple):
    """`password` is that of an owner who had none."""

    warnings: list[str]
    password: str | None


def free_slug(slug: str, *, is_given: bool) -> str:
    """Return the slug; raises ArchiveError for one that can't be, or that is taken."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", slug):
        raise ArchiveError("The slug has to be lower-case letters, digits and hyphens: --slug NAME.")
    if db.session.scalar(sa.select(Organization.id).where(Organization.slug == slug)) is not None:
        what = "Choose another one" if is_given else "Restore it beside that one under another name"
        raise ArchiveError(f"There is an organization {slug} already. {what}: --slug NAME.")
    return slug


def check_owner(owner: str | None) -> None:
    problem = username_problem(owner) if owner else None
    if problem:
        raise ArchiveError(problem)


def temporary_name(token: str, id_: int | None = None) -> str:
    return f"restoring-{token}" if id_ is None else f"restoring-{token}-{id_}"


def finish(
    arrival: Arrival, slug: str, owner: str | None, contents: Contents, users: Iterable[Row], staff: Iterable[Row]
) -> Done:
    """Show the organization. Where `staff`, rows of memberships, are given, they are listed as invitations to renew."""
    original = installation.organization_with(contents.organization["uid"])
    with transaction() as session:
        members.lock_users()
        labels = {row["id"]: _name_user(arrival, row, slug) for row in users}
        for row in staff:
            if row["disabled_at"] is None:
                session.add(_invitation(row, arrival, labels))
        password = _let_in(owner) if owner else None
        organization = current_organization()
        organization.slug, organization.restoring_until = slug, None
        organization.sending_paused = True
        record("backup.restored", organization, changes={"backed_up_at": [None, contents.created_at.isoformat()]})
    return Done(list(_warnings(arrival, contents, original)), password)


def _name_user(arrival: Arrival, row: Row, slug: str) -> str:
    """Give a user the name back; in an installation with others they are a stub, which nobody signs in as."""
    user = db.session.get_one(User, arrival.ids.new(USERS, row["id"]))
    is_free = db.session.scalar(sa.select(User.id).where(User.username == row["username"])) is None
    has_own_id = user.id == row["id"]
    user.username = row["username"] if is_free and has_own_id else _stub_name(row["username"], slug)
    db.session.flush()
    return str(row["name"] or row["username"])


def _stub_name(username: str, slug: str) -> str:
    """Return a name with ~, which no account has."""
    wanted = f"{username}~{slug}"[: NAME_LENGTH - 9]
    taken = db.session.scalar(sa.select(User.id).where(User.username == wanted)) is not None
    return f"{wanted}-{secrets.token_hex(4)}" if taken else wanted


def _invitation(row: Row, arrival: Arrival, labels: dict[int, str]) -> Invitation:
    """Return a line for the owner to invite somebody anew from: it has ended, and nobody has its link."""
    branch_id = arrival.ids.new("branches", row["branch_id"])
    return Invitation(
        token_hash=secrets.token_hex(32),
        name=labels.get(row["user_id"], "")[:200],
        email="",
        role_name=row["role"],
        branch_id=branch_id,
        expires_at=arrival.now,
    )


def _let_in(owner: str) -> str | None:
    """Make a user an owner; return the password of one who had none."""
    username = normalize_username(owner)
    user = db.session.scalar(sa.select(User).where(User.username == username))
    password = None
    if user is None or not user.password_hash:
        password = secrets.token_urlsafe(12)
        user = user or User(username=username)
        user.password_hash = hash_password(password)
        db.session.add(user)
        db.session.flush()
    membership = members.membership_of(user.id)
    if membership is None:
        members.enter("user.added", user, members.Details(Role.OWNER))
    else:
        membership.role, membership.branch_id, membership.disabled_at = Role.OWNER, None, None
    return password


def _warnings(arrival: Arrival, contents: Contents, original: Organization | None) -> Iterable[str]:
    if original is not None:
        yield f"The original, {original.slug}, is still here and may still be sending."
    elif not arrival.is_from_here:
        yield "The backup comes from another installation, which may still be sending."
    if contents.files.missing:
        yield f"{contents.files.missing} files were missing already when the backup was made."
    owners = (
        sa.select(Membership.id).join(User).where(Membership.role_name == Role.OWNER.label, User.password_hash != "")
    )
    if db.session.scalar(owners.where(Membership.organization_id == current_organization().id)) is None:
        slug = current_organization().slug
        yield f"Nobody can sign in yet: flask --app wsgi user create NAME --organization {slug} --role owner"
