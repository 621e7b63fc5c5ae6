"""Jobs of the worker: due messages and reports."""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator

from crm.delivery import reports
from crm.delivery.calls import MAX_CALLS
from crm.delivery.deliver import deliver_batch
from crm.inbox import inbound
from crm.kernel.queue import stopping
from crm.kernel.work import due
from crm.kernel.work.organizations import do_each, each_organization
from crm.messages.bookkeeping import KIND

SECONDS = 20
"""Seconds per job and organization; the tickers handle the rest fairly."""

TURN = 5
"""Seconds per organization and ticker, while others have due messages."""


def deliver_due() -> bool:
    """Deliver a batch for each organization in turn; True when there may be more.

    Several tickers run at once and skip organizations that are being served, so a slow provider delays nobody else.
    Batches are small when many organizations wait.
    """
    organization_ids = due.organizations_with_due(KIND)
    deliver = functools.partial(_deliver, is_alone=len(organization_ids) == 1)
    return do_each(organization_ids, deliver, "delivery")


def apply_reports() -> bool:
    more_reports = each_organization(reports.KIND, reports.apply_due)
    more_texts = each_organization(inbound.KIND, inbound.apply_due)
    return more_reports or more_texts


def deliver_organization(organization_id: int) -> None:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and not stopping.is_set() and deliver_batch(organization_id):
        pass


def _deliver(organization_id: int, *, is_alone: bool) -> int:
    with _serving(organization_id) as is_mine:
        if not is_mine:
            return 0
        return deliver_batch(organization_id) if is_alone else deliver_batch(organization_id, MAX_CALLS, TURN)


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
