"""What other features know of customers, for a page of them at once (`customer_facts` of the manifests)."""

from __future__ import annotations

from collections.abc import Sequence

from crm.customers.models import Customer
from crm.kernel.manifest import catalog


def fill(customers: Sequence[Customer]) -> None:
    """Fill `facts` of customers in, by as many statements for many as for one."""
    for gather in catalog().customer_facts:
        found = gather(customers) if customers else {}
        for customer in customers:
            customer.facts.update(found.get(customer.id, {}))
