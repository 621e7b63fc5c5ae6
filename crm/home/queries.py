"""What the home page is made of: the list with each customer's next message."""

from __future__ import annotations

from typing import Any

from crm.customers.filters import Filters
from crm.customers.queries import Page, page_of
from crm.messages.queries import next_messages


def customer_list(filters: Filters) -> tuple[Page, dict[int, Any]]:
    """Return a page of customers and, by customer id, the message the list names."""
    page = page_of(filters)
    return page, next_messages([row.id for row in page.rows if row.next_message_at is not None])
