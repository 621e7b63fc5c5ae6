"""What is done with parcels."""

from __future__ import annotations

import sqlalchemy as sa
from crm.parcels.models import Parcel

from crm.accounts.models import Organization
from crm.kernel.columns import db_now
from crm.kernel.db import transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization


def add_parcel(customer_id: int) -> Parcel:
    """Record that a customer left a parcel."""
    with transaction() as session:
        parcel = Parcel(customer_id=customer_id)
        session.add(parcel)
        session.flush()
        record("parcel.added", parcel, customer_id=customer_id)
    return parcel


def count_parcels() -> None:
    """Count the parcels of all organizations that are not counted yet."""
    for organization_id in db.session.scalars(sa.select(Organization.id)).all():
        with use_organization(organization_id), transaction() as session:
            session.execute(sa.update(Parcel).where(Parcel.counted_at.is_(None)).values(counted_at=db_now()))
