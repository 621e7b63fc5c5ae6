"""Invoices of a backup: customers' totals are compared with them, and files that wait are converted."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.invoices.models import Receipt, ReceiptState
from crm.invoices.queries import differences
from crm.invoices.services import KIND, rebuild
from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.kernel.work import due


def restored(arrival: Arrival) -> Iterator[str]:
    with transaction() as session:
        waiting = sa.select(Receipt.id).where(Receipt.state == ReceiptState.CONVERTING.value)
        due.put_off(KIND, session.scalars(waiting), arrival.now)
    wrong = sorted({difference.customer_id for difference in differences()})
    for customer_id in wrong:
        rebuild(customer_id)
    if wrong:
        yield f"Orders and money spent of {len(wrong)} customers were not what their invoices say, and are now."
