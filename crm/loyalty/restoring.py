"""Points of a backup: balances and tiers are compared with the entries."""

from __future__ import annotations

from collections.abc import Iterator

from crm.kernel.data import Arrival
from crm.loyalty.queries import differences
from crm.loyalty.services import rebuild


def restored(arrival: Arrival) -> Iterator[str]:
    wrong = sorted({difference.customer_id for difference in differences()})
    for customer_id in wrong:
        rebuild(customer_id)
    if wrong:
        yield f"Points or tiers of {len(wrong)} customers were not what their entries say, and are now."
