"""Give a person what is kept about them."""

from __future__ import annotations

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.privacy.copies import Copy, copy_of


def give_copy(customer_id: int) -> Copy:
    """Put together all that hangs on a customer, and record that it was taken out."""
    with transaction() as session:
        customer = session.scalars(sa.select(Customer).where(Customer.id == customer_id)).one()
        record("customer.data_given", customer, customer_id=customer_id)
    return copy_of(db.session.scalars(sa.select(Customer).where(Customer.id == customer_id)).one())
