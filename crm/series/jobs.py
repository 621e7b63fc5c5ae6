"""What the worker runs for messages that come again."""

from __future__ import annotations

import logging

from crm.kernel import due
from crm.kernel.queue import stopping
from crm.series.next_occurrence import make_batch
from crm.series.services import KIND

log = logging.getLogger(__name__)


def make_due() -> bool:
    """Make the next messages of a batch of due series of every organization; True when there may be more."""
    more = False
    for organization_id in due.organizations_with_due(KIND):
        if stopping.is_set():
            return False
        try:
            more |= make_batch(organization_id) > 0
        except Exception:
            # One organization's trouble is not the others'; it is tried again.
            log.exception("organization %d: no message of a series was made", organization_id)
    return more
