"""Tell those who get notices of points that are about to expire, once for each date."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work.lease import Lease
from crm.loyalty import queries as loyalty
from crm.values import clock, language
from crm.web_push import notices
from crm.web_push.models import PushSubscription
from crm.web_push.services import CARD, EXPIRING, language_of, notify
from crm.web_push.settings import push_keys

SOON = dt.timedelta(days=7)
AT = dt.time(9)
"""When customers hear of it, by the clock of the organization."""

LEASE = dt.timedelta(minutes=2)
BATCH = 500


def tell_next(organization_id: int) -> bool:
    """Look at the points of all who get notices; False, for the next look is tomorrow's."""
    with use_organization(organization_id):
        lease = Lease.take(EXPIRING, LEASE)
        if not lease.ids:
            return False
        if push_keys() is None:
            lease.end()
            return False
        last = 0
        while ids := _after(last):
            if not lease.renew(LEASE):
                return False
            _tell(ids)
            last = ids[-1]
        if last:
            lease.give_back(_tomorrow() - database_now())
        else:
            lease.end()
        return False


def _after(customer_id: int) -> list[int]:
    """Return the next customers who get notices, by their ids."""
    found = sa.select(PushSubscription.customer_id).where(PushSubscription.customer_id > customer_id).distinct()
    return list(db.session.scalars(found.order_by(PushSubscription.customer_id).limit(BATCH)))


def _tell(customer_ids: list[int]) -> None:
    today, organization = loyalty.today_here(), current_organization()
    soon = {
        id_: dates[0] for id_, dates in loyalty.expiring(customer_ids, today).items() if dates[0][0] <= today + SOON
    }
    if not soon:
        return
    found = sa.select(Customer).where(one_of(Customer.id, soon), Customer.archived_at.is_(None)).order_by(Customer.id)
    customers = {customer.id: language_of(customer) for customer in db.session.scalars(found)}
    title, locale = organization.name, organization.locale
    for id_, spoken in customers.items():
        day, points = soon[id_]
        with transaction(), language.speaking(spoken):
            body = notices.of_points(points, day, locale)
            notify(id_, title, body, CARD, topic="points", once=f"points:{day}", lasts=dt.timedelta(days=1))


def _tomorrow() -> dt.datetime:
    organization = current_organization()
    zone = clock.zone(organization.time_zone)
    day = clock.to_local(database_now(), zone).date() + dt.timedelta(days=1)
    return clock.at_or_after(dt.datetime.combine(day, AT), zone)
