"""What the worker runs for messages."""

from __future__ import annotations

import logging

from crm import due
from crm.messages.delivery import deliver_batch
from crm.messages.upkeep import KIND
from crm.queue import stopping

ROUNDS = 20

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
    """Deal with the due messages of one organization, a few batches; the ticker sees to the rest."""
    for _ in range(ROUNDS):
        if stopping.is_set() or not deliver_batch(organization_id):
            return
