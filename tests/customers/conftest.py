"""Many customers, and few that count as many."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from crm.customers import services
from crm.customers.bulk import BulkJob
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from tests.factories import Cast


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four customers are already many."""
    monkeypatch.setattr(services, "BULK_WORKER_THRESHOLD", 4)
    monkeypatch.setattr(BulkJob, "batch_size", 2)


@pytest.fixture
def crowd(cast: Cast) -> list[int]:
    """Six thousand customers."""
    with cast.staff.acting(), services.transaction():
        insert_many(Customer, [{"name": f"C{number:04}", "name_key": f"c{number:04}"} for number in range(6_000)])
        return list(db.session.scalars(sa.select(Customer.id).order_by(Customer.id)))
