"""Reads of the organization, its users and branches, and of rows that depend on a setting or branch."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.accounts.models import Branch, Invitation, Membership, Organization, User
from crm.accounts.rules import tenant_key
from crm.kernel.columns import Base, db_now
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantMixin, require_organization
from crm.values.text import fold


class Member(NamedTuple):
    membership: Membership
    user: User
    branch: str | None
    works_elsewhere: bool


class Invited(NamedTuple):
    invitation: Invitation
    branch: str | None
    has_expired: bool


def current_organization() -> Organization:
    return db.session.get_one(Organization, require_organization())


def locked_organization() -> Organization:
    """Return the current organization, locked until the open transaction ends."""
    return db.session.get_one(Organization, require_organization(), with_for_update=True, populate_existing=True)


def organization_called(asked: str) -> int | None:
    """Return the id of the organization whose id or slug is in an X-Tenant-ID header."""
    id_, slug = tenant_key(asked.strip())
    found = sa.select(Organization.id).where(sa.or_(Organization.id == id_, Organization.slug == slug))
    return db.session.scalars(found.order_by(Organization.id != id_).limit(1)).first()


def members() -> list[Member]:
    rows = db.session.execute(
        sa.select(Membership, User, Branch.name, _elsewhere())
        .join(User, User.id == Membership.user_id)
        .outerjoin(Branch, Branch.id == Membership.branch_id)
        .where(Membership.organization_id == require_organization())
        .order_by(Membership.disabled_at.is_not(None), User.username)
    )
    return [Member(*row) for row in rows]


def works_elsewhere(user_id: int) -> bool:
    return bool(
        db.session.scalar(
            sa.select(sa.func.count()).where(
                Membership.user_id == user_id,
                Membership.organization_id != require_organization(),
                Membership.disabled_at.is_(None),
            )
        )
    )


def works_in(user_id: int, organization_id: int) -> bool:
    found = sa.select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.organization_id == organization_id,
        Membership.disabled_at.is_(None),
    )
    return db.session.scalar(found) is not None


def invitations() -> list[Invited]:
    rows = db.session.execute(
        sa.select(Invitation, Branch.name, Invitation.expires_at <= db_now())
        .outerjoin(Branch, Branch.id == Invitation.branch_id)
        .order_by(Invitation.id.desc())
    )
    return [Invited(*row) for row in rows]


def branches() -> list[Branch]:
    return list(db.session.scalars(_BRANCHES))


def branch_names() -> tuple[tuple[int, str], ...]:
    return tuple((row.id, row.name) for row in db.session.execute(_BRANCH_NAMES))


def branch_called(name: str) -> Branch | None:
    """Compare without case and accents."""
    return next((branch for branch in branches() if fold(branch.name) == fold(name)), None)


def has_money() -> bool:
    """Whether any feature has an amount other than 0 in the organization's currency."""
    return any(
        db.session.scalar(sa.select(model.id).where(model.amount != 0).limit(1)) is not None
        for model in every_model()
        if issubclass(model, TenantMixin) and "amount" in model.__table__.columns
    )


def every_model() -> list[Any]:
    return sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: str(model.__tablename__))


_BRANCHES = prepared(sa.select(Branch).order_by(Branch.name))
_BRANCH_NAMES = prepared(sa.select(Branch.id, Branch.name).order_by(Branch.name))


def _elsewhere() -> sa.Exists:
    other = aliased(Membership)
    return sa.exists().where(
        other.user_id == Membership.user_id,
        other.organization_id != Membership.organization_id,
        other.disabled_at.is_(None),
    )
