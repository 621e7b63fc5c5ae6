"""What bookings do when something happens below them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from crm.bookings.models import Booking, BookingPerson
from crm.bookings.services import renew_search_text
from crm.customers.models import Customer
from crm.customers.signals import customer_deleting, person_erased
from crm.intake.sources import forget


@customer_deleting.connect
def forget_customer(customer: Customer, **kwargs: Any) -> None:
    """Detach the persons from the deleted customer."""
    forget(BookingPerson, sa.select(Customer.id).where(Customer.id == customer.id))


@person_erased.connect
def forget_search_text(rows: Mapping[str, Collection[int]], **kwargs: Any) -> None:
    """Write anew what the person's bookings are found by."""
    renew_search_text(rows.get(Booking.__tablename__, ()))
