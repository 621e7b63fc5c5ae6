"""What the worker runs for messages."""

from __future__ import annotations

import logging
import time

from crm import due
from crm.messages.delivery import deliver_batch
from crm.messages.upkeep import KIND
from crm.queue import stopping

SECONDS = 20
"""So long a job goes on with one organization; then the ticker, which is fair to all, sees to the rest."""

log = logging.getLogger(__name__)


def deliver_due() -> bool:
    """Deal with a batch of due messages of every organization; True when there may be more."""
    more = False
    for organization_id in due.organizations_with_due(KIND):
        if stopping.is_set():
            return False
        try:
            more |= deliver_batch(organization_id) > 0
        except Exception:
            log.exception("organization %d: delivery failed", organization_id)
    return more


def deliver_organization(organization_id: int) -> None:
    """Deal with the due messages of one organization, for some seconds."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not stopping.is_set() and deliver_batch(organization_id):
        pass
