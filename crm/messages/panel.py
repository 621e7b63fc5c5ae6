"""The messages on the customer's page."""

from __future__ import annotations

from typing import Any

from crm.customers import panels
from crm.customers.models import Customer
from crm.messages import facts, queries
from crm.messages.recurring.queries import series_of


def load(customer: Customer) -> dict[str, Any]:
    """Return the customer's messages, which of them is next, what comes again, and whether their number opted out."""
    return {
        "messages": queries.messages_of(customer.id),
        "next": queries.next_messages([customer.id]).get(customer.id),
        "series": series_of(customer.id),
        "opted_out": facts.suppression_of(customer),
    }


def count(customer_id: int) -> str:
    """Return how many messages a customer has, in words, or nothing."""
    number = queries.count_messages_of(customer_id)
    return f"{number} message{'' if number == 1 else 's'}" if number else ""


panels.register("messages", "Messages", "messages/_panel.html", load, count, place=10)
