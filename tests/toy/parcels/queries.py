"""Parcels, read."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from crm.parcels.models import Parcel

from crm.customers.models import Customer
from crm.kernel.extensions import db


def parcels_of(customer_id: int) -> sa.Select[Parcel]:
    """Return the statement of a customer's parcels, the latest first."""
    return sa.select(Parcel).where(Parcel.customer_id == customer_id).order_by(Parcel.id.desc())


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return what the panel on the customer's page shows."""
    return {"parcels": db.session.scalars(parcels_of(customer.id)).all()}
