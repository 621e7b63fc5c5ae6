"""The leads on the customer's page."""

from __future__ import annotations

from typing import Any

from crm.customers.models import Customer
from crm.leads import queries


def load(customer: Customer) -> dict[str, Any]:
    """Return the leads that the customer was taken for, nothing when there are none: not every shop has leads."""
    leads = queries.leads_of(customer.id)
    return {"leads": leads} if leads else {}


def count(customer_id: int) -> str:
    """Return what becomes of the customer's leads when they are deleted, in words, or nothing."""
    number = queries.count_leads_of(customer_id)
    if not number:
        return ""
    return "the link to 1 lead, which stays" if number == 1 else f"the link to {number} leads, which stay"
