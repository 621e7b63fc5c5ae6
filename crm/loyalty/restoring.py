"""Points of a backup: balances and tiers are compared with the entries."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.loyalty.models import LoyaltySettings
from crm.loyalty.nightly import plan_next
from crm.loyalty.queries import differences
from crm.loyalty.services import give_first_lots, rebuild


def restored(arrival: Arrival) -> Iterator[str]:
    give_first_lots()
    with transaction() as session:
        settings = session.scalars(sa.select(LoyaltySettings)).one_or_none()
        if settings is not None:
            plan_next(settings)
    wrong = sorted({difference.customer_id for difference in differences()})
    for customer_id in wrong:
        rebuild(customer_id)
    if wrong:
        yield f"Points or tiers of {len(wrong)} customers were not what their entries say, and are now."
