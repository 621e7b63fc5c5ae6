"""What the worker runs for messages."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator

from sqlalchemy.exc import OperationalError

from crm.delivery import reports
from crm.delivery.calls import CALLS
from crm.delivery.deliver import deliver_batch
from crm.inbox import inbound
from crm.kernel import due
from crm.kernel.queue import stopping
from crm.messages.bookkeeping import KIND

SECONDS = 20
"""So long a job goes on with one organization; then the tickers, which are fair to all, see to the rest."""

TURN = 5
"""So long a ticker begins calls for one organization, while others have due messages too."""

log = logging.getLogger(__name__)


def deliver_due() -> bool:
    """Deal with a batch of due messages of every organization in turn; True when there may be more.

    Several tickers do this at once, and each takes the next organization that no other is serving: a provider that
    is slow, or doesn't answer, holds up nobody else. With many in the queue the batches are small.
    """
    more = False
    organization_ids = due.organizations_with_due(KIND)
    for organization_id in organization_ids:
        if stopping.is_set():
            return False
        with _serving(organization_id) as is_mine:
            if is_mine:
                more |= _deliver(organization_id, is_alone=len(organization_ids) == 1)
    return more


def apply_reports() -> bool:
    """Apply what was stored of what providers and customers said, and not applied; True when there may be more."""
    more = False
    for module in (reports, inbound):
        for organization_id in due.organizations_with_due(module.KIND):
            if stopping.is_set():
                return False
            more |= module.apply_due(organization_id) > 0
    return more


def deliver_organization(organization_id: int) -> None:
    """Deal with the due messages of one organization, for some seconds."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not stopping.is_set() and deliver_batch(organization_id):
        pass


def _deliver(organization_id: int, *, is_alone: bool) -> bool:
    try:
        return (deliver_batch(organization_id) if is_alone else deliver_batch(organization_id, CALLS, TURN)) > 0
    except OperationalError:
        raise  # the database is away, for all organizations
    except Exception:
        log.exception("organization %d: delivery failed", organization_id)
        return False


@contextlib.contextmanager
def _serving(organization_id: int) -> Iterator[bool]:
    with _lock:
        is_mine = organization_id not in _served
        _served.add(organization_id)
    try:
        yield is_mine
    finally:
        if is_mine:
            _served.discard(organization_id)


_served: set[int] = set()
_lock = threading.Lock()
