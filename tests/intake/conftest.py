"""Clients of the JSON API, and the records that scans go through."""

from __future__ import annotations

import pytest

from crm.area_customers.models import AreaCustomer
from crm.bookings.models import Booking, BookingPerson
from crm.intake import sources
from crm.intake.sources import Source
from crm.leads.models import Lead
from tests.api.conftest import api, client_of

__all__ = ["api", "client_of"]


@pytest.fixture(autouse=True)
def _sources() -> None:
    for source in (
        Source("area_customers", "Area", AreaCustomer, AreaCustomer.branch_id),
        Source("booking_persons", "Booking", BookingPerson, Booking.branch_id, BookingPerson.booking),
        Source("leads", "Lead", Lead, Lead.branch_id),
    ):
        if source.model not in {known.model for known in sources.registered()}:
            sources.register(source)
