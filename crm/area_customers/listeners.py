"""What area customers do when something happens below them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.area_customers.models import AreaCustomer
from crm.customers.models import Customer
from crm.customers.signals import customer_deleting
from crm.intake.sources import forget


@customer_deleting.connect
def forget_customer(customer: Customer, **kwargs: Any) -> None:
    """Detach the row from the deleted customer."""
    forget(AreaCustomer, sa.select(Customer.id).where(Customer.id == customer.id))
