"""Compute the scores of each organization at night: when its day has begun, and soon after who is who changed."""

from __future__ import annotations

import datetime as dt

from crm.accounts.queries import current_organization
from crm.kernel.db import database_now, transaction
from crm.kernel.queue import stopping
from crm.kernel.tenancy import require_organization, use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.reports import services
from crm.reports.queries import latest_run
from crm.values import clock

KIND = "scores"
LEASE = dt.timedelta(minutes=10)
NIGHT = dt.time(2)
"""When the night's computation begins, by the organization's clock."""

SOON = dt.timedelta(minutes=10)
"""A merge waits for others: the customers that it changed are right at once."""


def request_if_due(organization_id: int) -> None:
    """Put an organization on the list of due work that has no scores, or those of a day before."""
    with use_organization(organization_id):
        now = clock.to_local(clock.utcnow(), clock.zone(current_organization().time_zone))
        run = latest_run()
        if run is None or (run.as_of < now.date() and now.time() >= NIGHT):
            with transaction():
                if not due.lock(KIND, [organization_id]):
                    due.put_off(KIND, [organization_id], database_now())


def compute_soon() -> None:
    """Compute within minutes, within a transaction that changed who is who, or what counts.

    Where there are no scores yet, the next computation is due anyway.
    """
    if latest_run() is not None:
        due.put_off(KIND, [require_organization()], database_now() + SOON)


def compute_if_due(organization_id: int) -> None:
    """Compute if it is due; a worker that dies, and a change meanwhile, leaves it due."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        if not lease.ids:
            return
        if services.rebuild(lambda: not stopping.is_set() and lease.renew(LEASE)) is None:
            lease.give_back()
        else:
            lease.end()
