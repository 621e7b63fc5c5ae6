"""Repair of the totals of customers."""

from __future__ import annotations

import sqlalchemy as sa

from crm.customers.totals import FIGURES, CustomerTotal
from crm.kernel.db import transaction
from crm.kernel.tenancy import insert_many
from crm.reports.customer_totals import count_customers, differences


def rebuild() -> bool:
    """Recompute the totals; False when they agree. Writers of customers wait meanwhile."""
    with transaction() as session:
        if session.connection().dialect.name == "postgresql":
            session.connection().execute(sa.text("LOCK TABLE customer_totals IN SHARE ROW EXCLUSIVE MODE"))
        if not differences():
            return False
        session.execute(sa.delete(CustomerTotal))
        found = count_customers().items()
        insert_many(
            CustomerTotal,
            [
                {"branch_id": key.branch_id, "created_month": key.month, **dict(zip(FIGURES, figures, strict=True))}
                for key, figures in found
            ],
        )
        return True
