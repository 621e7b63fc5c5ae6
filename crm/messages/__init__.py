"""Messages: the row, its states, and what the policy of sending needs to know."""

__all__ = [
    "api",
    "bookkeeping",
    "history",
    "holds",
    "links",
    "models",
    "numbers",
    "policy_facts",
    "queries",
    "records",
    "rules",
    "segments",
    "services",
    "whatsapp_ids",
]
