"""Who leads can be assigned to: the members of the organization."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.models import Membership, User
from crm.accounts.queries import current_organization
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import require_organization
from crm.values.language import gettext as _


class Assignee(NamedTuple):
    """`branch_id`: the only branch whose leads they see; None for all."""

    id: int
    label: str
    branch_id: int | None


def assignees() -> list[Assignee]:
    """Return the members who can sign in, by name."""
    bound = current_organization().branch_bound
    found = [
        Assignee(
            row.id, row.name or row.username, row.branch_id if bound and Role.named(row.role).may_be_bound else None
        )
        for row in db.session.execute(_MEMBERS, {"here": require_organization()})
    ]
    return sorted(found, key=lambda one: one.label.casefold())


def assignment_problem(user_id: int | None, branch_id: int | None) -> str:
    """Say why a lead of this branch can't be assigned to a user, or return ""."""
    if user_id is None:
        return ""
    found = next((one for one in assignees() if one.id == user_id), None)
    if found is None:
        return _("Choose someone who works here. This person is not an active user of the organization.")
    if found.branch_id not in (None, branch_id):
        return _("%(name)s works in another branch and does not see this lead. Choose someone else.", name=found.label)
    return ""


def label_of(user_id: int | None) -> str | None:
    user = db.session.get(User, user_id) if user_id is not None else None
    return user.label if user else None


_MEMBERS = prepared(
    sa.select(User.id, User.name, User.username, Membership.role_name.label("role"), Membership.branch_id)
    .join(Membership, Membership.user_id == User.id)
    .where(Membership.organization_id == sa.bindparam("here"), Membership.disabled_at.is_(None))
)
