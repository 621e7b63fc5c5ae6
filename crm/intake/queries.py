"""Reads of scans."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.models import User
from crm.intake.models import Scan
from crm.kernel import vault
from crm.kernel.branch_scope import bound_branch
from crm.kernel.extensions import db
from crm.kernel.work.models import JobState

SECRET = "webhook_secret"  # noqa: S105 -- its name

SHOWN = 20


class Listed(NamedTuple):
    scan: Scan
    by: str | None


def latest() -> list[Listed]:
    statement = sa.select(Scan, sa.func.coalesce(sa.func.nullif(User.name, ""), User.username))
    statement = statement.outerjoin(User, User.id == Scan.user_id).order_by(Scan.id.desc()).limit(SHOWN)
    return [Listed(*row) for row in db.session.execute(statement)]


def under_way() -> Scan | None:
    """Return the running scan of all branches, or of the user's branch."""
    of_here = Scan.branch_id.is_(None) if bound_branch() is None else Scan.branch_id == bound_branch()
    return db.session.scalars(sa.select(Scan).where(Scan.state == JobState.WORKING, of_here).limit(1)).first()


def has_webhook_secret() -> bool:
    return SECRET in vault.names()
