"""Messages: the row, its states, its channels, and what the send policy needs to know."""

__all__ = [
    "api",
    "bookkeeping",
    "bulk",
    "channels",
    "checks",
    "data",
    "frequency",
    "holds",
    "inbound_models",
    "models",
    "policy_facts",
    "queries",
    "restoring",
    "rules",
    "sender_ids",
    "sent_ledger",
    "services",
    "states",
    "status_order",
    "suppression_models",
]
