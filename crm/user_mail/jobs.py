"""Jobs for letters to users."""

from __future__ import annotations

from crm.kernel.queue import stopping
from crm.user_mail.resets import answer_next
from crm.user_mail.sending import send_next

BATCH = 20
"""Letters of one turn."""


def send_due() -> bool:
    """Return True when there may be more."""
    while not stopping.is_set() and answer_next():
        pass
    return all(not stopping.is_set() and send_next() for _ in range(BATCH))
