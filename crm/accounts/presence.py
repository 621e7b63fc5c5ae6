"""When a member was last here."""

from __future__ import annotations

import sqlalchemy as sa

from crm.accounts.models import Membership
from crm.kernel.columns import db_now
from crm.kernel.db import transaction


def see(membership_id: int) -> None:
    """Store that the member is here."""
    with transaction() as session:
        session.execute(seen().where(Membership.id == membership_id))


def seen() -> sa.Update:
    return sa.update(Membership).values(seen_at=db_now())
