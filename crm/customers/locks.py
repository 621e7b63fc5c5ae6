"""The lock that whoever takes people in holds."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization


def lock_intake() -> None:
    """Wait until nobody else takes people in, until the end of the open transaction.

    Whoever locks other rows before people are taken in locks this first, so that nobody waits in a circle.
    """
    db.session.scalars(locked(sa.select(Organization).where(Organization.id == require_organization()))).one()
