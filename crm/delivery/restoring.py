"""Plan the work that messages and reports of a backup need: none of it sends anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa
from flask import current_app

from crm.customers.models import Customer
from crm.delivery import reports
from crm.delivery.models import Report
from crm.inbox import inbound
from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.messages.bookkeeping import look_at, refresh_next
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Message
from crm.messages.rules import Status

PAGE = 1_000


def restored(arrival: Arrival) -> Iterable[str]:
    waits = dt.timedelta(seconds=current_app.config["MESSAGE_NO_REPORT_AFTER"])
    with transaction() as session:
        accepted = sa.select(Message.id, Message.status_at).where(Message.status == Status.ACCEPTED)
        look_at({row.id: row.status_at + waits for row in session.execute(accepted)})
        for kind, model in ((reports.KIND, Report), (inbound.KIND, InboundMessage)):
            due.put_off(kind, session.scalars(sa.select(model.id).where(model.applied_at.is_(None))), arrival.now)
    last = 0
    while ids := list(db.session.scalars(_CUSTOMERS, {"last": last})):
        with transaction():
            refresh_next(ids)
        last = ids[-1]
    return ()


_CUSTOMERS = sa.select(Customer.id).where(Customer.id > sa.bindparam("last")).order_by(Customer.id).limit(PAGE)
