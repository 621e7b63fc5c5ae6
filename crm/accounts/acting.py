"""Who acts in a request, found by the sign-in of a browser or by a token of the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.models import Membership, Organization, SignIn, TokenFamily, User
from crm.accounts.rules import token_hash
from crm.kernel.columns import db_now
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.roles import Role

SEEN_EVERY = dt.timedelta(hours=1)


class SignedIn(NamedTuple):
    user: User
    sign_in_id: int


class Here(NamedTuple):
    """The acting user and organization; detached rows and plain values, so that a rollback doesn't lose them.

    `since` is when the request came in, by the database's clock. `seen_at` is when the member was last known to be
    here. `sign_in_id` is 0 for the API: no browser is signed in.
    """

    user: User
    organization: Organization
    role: Role
    branch_id: int | None
    organization_count: int
    since: dt.datetime
    membership_id: int
    seen_at: dt.datetime | None
    sign_in_id: int = 0

    @classmethod
    def of(cls, row: Sequence[Any]) -> Here:
        user, organization, *rest = row
        db.session.expunge(user)
        db.session.expunge(organization)
        return cls(user, organization, Role.named(rest[0]), *rest[1:])

    @property
    def person(self) -> tuple[int, str, str]:
        return self.user.id, self.user.name, self.user.username

    @property
    def is_unseen(self) -> bool:
        """Whether it is time to store that the member is here."""
        return self.seen_at is None or self.since - self.seen_at > SEEN_EVERY

    @property
    def bound_to(self) -> int | None:
        """The only branch whose customers the user sees; None for all branches."""
        return self.branch_id if self.organization.branch_bound and self.role.may_be_bound else None


def by_sign_in(token: str) -> Here | None:
    """Return who acts by a sign-in token; None also for a user who was disabled in the chosen organization."""
    row: Any = db.session.execute(_BY_SIGN_IN, {"token_hash": token_hash(token)}).first()
    return Here.of(row[:-1]) if row is not None and row[1].id == row[-1] else None


def signed_in_by(token: str) -> SignedIn | None:
    row = db.session.execute(_SIGNED_IN, {"token_hash": token_hash(token)}).first()
    if row is None:
        return None
    db.session.expunge(row[0])
    return SignedIn(*row)


def by_token_family(family: int) -> Here | None:
    row = db.session.execute(_BY_TOKEN, {"family": family}).first()
    return None if row is None else Here.of(row)


_MEMBERS = (
    sa.select(
        *(User, Organization, Membership.role_name, Membership.branch_id, sa.func.count().over(), db_now()),
        *(Membership.id, Membership.seen_at),
    )
    .select_from(User)
    .join(Membership, sa.and_(Membership.user_id == User.id, Membership.disabled_at.is_(None)))
    .join(Organization, Organization.id == Membership.organization_id)
    .limit(1)
)
"""The columns of `Here.of` for a member who is not disabled; a statement adds which one and in which order."""

_BY_SIGN_IN = prepared(
    _MEMBERS.add_columns(SignIn.id, SignIn.organization_id)
    .join(SignIn, SignIn.user_id == User.id)
    .where(SignIn.token_hash == sa.bindparam("token_hash"), SignIn.expires_at > db_now())
    .order_by(sa.case((Organization.id == SignIn.organization_id, 0), else_=1), Membership.id)
)

_BY_TOKEN = prepared(
    _MEMBERS.join(
        TokenFamily, sa.and_(TokenFamily.user_id == User.id, TokenFamily.organization_id == Organization.id)
    ).where(TokenFamily.id == sa.bindparam("family"), TokenFamily.expires_at > db_now())
)

_SIGNED_IN = (
    sa.select(User, SignIn.id)
    .join(SignIn, SignIn.user_id == User.id)
    .where(SignIn.token_hash == sa.bindparam("token_hash"), SignIn.expires_at > db_now())
)
