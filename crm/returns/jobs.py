"""The worker's reading of mailboxes."""

from __future__ import annotations

from crm.kernel.queue import stopping
from crm.returns import queries, services


def read_mailboxes() -> None:
    """Read what came back; two workers may read the same mail, which counts once."""
    for mailbox in queries.mailboxes():
        if not stopping.is_set():
            services.read(mailbox)
