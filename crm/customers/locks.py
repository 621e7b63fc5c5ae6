"""The lock that everything holds that takes people in."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from crm.accounts.models import Organization
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization

_HELD = "crm_intake_lock"


def lock_intake() -> None:
    """Wait until nobody else takes people in, until the end of the open transaction; once it is held, ask no more.

    Lock this before any other row, so that nobody waits in a circle.
    """
    session: Session = db.session()
    organization_id = require_organization()
    held: tuple[SessionTransaction, int, Organization] | None = session.info.get(_HELD)
    if held is not None and held[0] in _open_transactions(session) and held[1] == organization_id:
        return
    organization = session.scalars(locked(sa.select(Organization).where(Organization.id == organization_id))).one()
    # The row stays in the session as long as it is named here, so that nobody reads it again.
    session.info[_HELD] = _open_transactions(session)[0], organization_id, organization


def _open_transactions(session: Session) -> list[SessionTransaction]:
    """Return the savepoints and the transaction under way, innermost first: a lock ends with where it was taken."""
    found = []
    transaction = session.get_nested_transaction() or session.get_transaction()
    while transaction is not None:
        found.append(transaction)
        transaction = transaction.parent
    return found
