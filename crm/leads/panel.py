"""The leads on the customer's page."""

from __future__ import annotations

from typing import Any

from crm.customers.models import Customer
from crm.leads import queries
from crm.values.language import ngettext


def load(customer: Customer) -> dict[str, Any]:
    """Return the customer's leads; nothing hides the panel."""
    leads = queries.leads_of(customer.id) if customer.has("leads") else []
    return {"leads": leads} if leads else {}


def count(customer_id: int) -> str:
    """Say what a deletion of the customer does to the leads."""
    number = queries.count_leads_of(customer_id)
    text = ngettext("the link to %(num)s lead, which stays", "the link to %(num)s leads, which stay", number)
    return text if number else ""
