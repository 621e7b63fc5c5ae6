"""The lock of everything that adds people."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, SessionTransaction

from crm.accounts.models import Organization
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization

_HELD = "crm_intake_lock"


def lock_intake() -> None:
    """Lock the organization's intake, before any other row, or two transactions may wait for each other."""
    session: Session = db.session()
    organization_id = require_organization()
    held: tuple[SessionTransaction, int, Organization] | None = session.info.get(_HELD)
    if held is not None and held[0] in _open_transactions(session) and held[1] == organization_id:
        return
    organization = session.scalars(locked(sa.select(Organization).where(Organization.id == organization_id))).one()
    # A reference keeps the row in the session, so that nothing reads it again.
    session.info[_HELD] = _open_transactions(session)[0], organization_id, organization


def _open_transactions(session: Session) -> list[SessionTransaction]:
    """Return the innermost first: a lock ends with the savepoint or transaction that it was taken in."""
    found = []
    transaction = session.get_nested_transaction() or session.get_transaction()
    while transaction is not None:
        found.append(transaction)
        transaction = transaction.parent
    return found
