"""The end of vouchers that nobody used, as a service: a batch of what is due is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from crm.kernel.data import Arrival
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.rewards import points
from crm.rewards.models import Voucher
from crm.rewards.rules import VoucherState
from crm.rewards.services import EXPIRY, expire, expiry_moment

BATCH = 200


def expire_in(organization_id: int) -> bool:
    """Expire vouchers whose last day is over; True when there may be more."""
    with use_organization(organization_id), transaction():
        ids = due.lock_due(EXPIRY, BATCH)
        later = expire(ids, return_points=points.expired_return())
        due.settle(EXPIRY, set(ids) - set(later))
        if later:
            # The organization's zone changed: their day is not over there.
            found = sa.select(Voucher).where(Voucher.id.in_(later))
            _plan(db.session.scalars(found).all())
        return len(ids) == BATCH


def restored(arrival: Arrival) -> Iterator[str]:
    """Plan the end of vouchers that came with a backup, which has no due work."""
    waiting = sa.select(Voucher).where(Voucher.state == VoucherState.ISSUED, Voucher.expires_on.is_not(None))
    with transaction() as session:
        _plan(session.scalars(waiting).all())
    yield from ()


def _plan(vouchers: Iterable[Voucher]) -> None:
    now = database_now()
    moments = {each.id: max(now, expiry_moment(each.expires_on)) for each in vouchers if each.expires_on}
    due.plan(EXPIRY, moments)
