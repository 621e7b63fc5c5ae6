"""Recompute order totals after a change of the organization's time zone, which changes the days of orders."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

from crm.accounts.models import Organization
from crm.accounts.services import organization_changed
from crm.invoices import services
from crm.invoices.queries import differences
from crm.kernel.db import database_now
from crm.kernel.errors import ConflictError
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease

KIND = "orders"

LEASE = dt.timedelta(minutes=10)


@organization_changed.connect
def _schedule(organization: Organization, changes: dict[str, Any]) -> None:
    if "time_zone" in changes:
        due.put_off(KIND, [organization.id], database_now())


def recompute_if_due(organization_id: int) -> None:
    """Recompute totals that differ; a change of the zone meanwhile, or a worker that dies, leaves it due."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        if not lease.ids:
            return
        for customer_id in sorted({difference.customer_id for difference in differences()}):
            if stopping.is_set():
                lease.give_back()
                return
            with contextlib.suppress(ConflictError):  # the customer is gone, and their orders with them
                services.rebuild(customer_id)
        lease.end()
