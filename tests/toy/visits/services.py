"""What is done with visits."""

from __future__ import annotations

import sqlalchemy as sa
from crm.visits.models import Visit

from crm.accounts.models import Organization
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization


def add_visit(customer_id: int) -> Visit:
    """Record that a customer is in the shop."""
    with transaction() as session:
        visit = Visit(customer_id=customer_id)
        session.add(visit)
        session.flush()
        record("visit.added", visit, customer_id=customer_id)
    return visit


def count_visits() -> None:
    """Count the visits of all organizations that are not counted yet."""
    for organization_id in db.session.scalars(sa.select(Organization.id)).all():
        with use_organization(organization_id), transaction() as session:
            session.execute(sa.update(Visit).where(Visit.counted_at.is_(None)).values(counted_at=db_now()))
