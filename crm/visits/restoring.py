"""Visit days of a restored organization, which no backup has."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.data import Arrival
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import update_many
from crm.visits.queries import counted

PAGE = 500


def restored(arrival: Arrival) -> Iterable[str]:
    last = 0
    while ids := list(
        db.session.scalars(sa.select(Customer.id).where(Customer.id > last).order_by(Customer.id).limit(PAGE))
    ):
        last = ids[-1]
        with transaction() as session:
            of_them = sa.select(Customer.id, Customer.most_visit_days).where(one_of(Customer.id, ids))
            most = {row.id: row.most_visit_days for row in session.execute(of_them)}
            update_many(
                Customer,
                [
                    {"id": id_, "visit_days": days, "most_visit_days": max(days, most[id_]), "checked_in_at": at}
                    for id_, days, at in counted(ids)
                ],
            )
    return ()
