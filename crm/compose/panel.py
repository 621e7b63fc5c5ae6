"""The messages on the customer's page."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crm.compose.history import history_of
from crm.customers.models import Customer
from crm.messages import policy_facts, queries
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Message
from crm.series.queries import series_of
from crm.values.language import ngettext


def load(customer: Customer) -> dict[str, Any]:
    """Return messages, texts, the next message, series and the opt-out."""
    messages = queries.messages_of(customer.id)
    contact = policy_facts.contact_of(customer)
    lines: list[Message | InboundMessage] = [*messages, *contact.texts]
    return {
        "histories": {message.id: history_of(message) for message in messages},
        "lines": sorted(lines, key=_time, reverse=True),
        "next": queries.next_of(customer, messages),
        "series": series_of(customer),
        "opted_out": contact.suppression,
    }


def _time(line: Message | InboundMessage) -> tuple[dt.datetime, int]:
    return (line.send_at if isinstance(line, Message) else line.sent_at), line.id


def count(customer_id: int) -> str:
    number = queries.count_messages_of(customer_id)
    return ngettext("%(num)s message", "%(num)s messages", number) if number else ""
