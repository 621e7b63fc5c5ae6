"""The leads on the customer's page."""

from __future__ import annotations

from typing import Any

from crm.customers.models import Customer
from crm.leads import queries


def load(customer: Customer) -> dict[str, Any]:
    """Return the customer's leads; nothing hides the panel."""
    leads = queries.leads_of(customer.id)
    return {"leads": leads} if leads else {}


def count(customer_id: int) -> str:
    """Say what a deletion of the customer does to the leads."""
    number = queries.count_leads_of(customer_id)
    if not number:
        return ""
    return "the link to 1 lead, which stays" if number == 1 else f"the link to {number} leads, which stay"
