"""Visits, read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from crm.visits.models import Visit

from crm.customers.models import Customer
from crm.kernel.extensions import db


def visits_of(customer_id: int) -> sa.Select[Visit]:
    """Return the statement of a customer's visits, the latest first."""
    return sa.select(Visit).where(Visit.customer_id == customer_id).order_by(Visit.id.desc())


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return what the panel on the customer's page shows."""
    return {"visits": db.session.scalars(visits_of(customer.id)).all()}
