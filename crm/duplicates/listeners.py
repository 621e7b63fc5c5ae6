"""Delete what merges hold of a customer who is deleted for good."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.customers.signals import customer_deleting
from crm.duplicates.models import Merge
from crm.duplicates.queries import ALL_BRANCHES, merged_into
from crm.kernel.columns import one_of
from crm.kernel.events import Event
from crm.kernel.extensions import db

_PAIRS: tuple[tuple[Any, Any, Any], ...] = (
    (Merge, Merge.kept_id, Merge.gone_id),
    (Duplicate, Duplicate.first_id, Duplicate.second_id),
)
_OPTIONS = {**ALL_BRANCHES, "synchronize_session": False}


@customer_deleting.connect
def delete_pointers(customer: Customer, **kwargs: Any) -> None:
    """Delete the customers merged into this one, too: they are the same person."""
    ids = merged_into(customer.id)
    for id_ in [customer.id, *ids]:
        _delete_events_naming(id_)
    db.session.execute(sa.delete(Event).where(one_of(Event.customer_id, ids)), execution_options=_OPTIONS)
    db.session.execute(sa.delete(Customer).where(one_of(Customer.id, ids)), execution_options=_OPTIONS)


def _delete_events_naming(customer_id: int) -> None:
    """Delete events on other customers' timelines that name a customer: merges and "not the same person"."""
    for model, one, other in _PAIRS:
        pairs = sa.select(model.id, one, other).where(sa.or_(one == customer_id, other == customer_id))
        rows = db.session.execute(pairs, execution_options=ALL_BRANCHES).all()
        naming = sa.delete(Event).where(
            Event.subject == model.__tablename__,
            one_of(Event.subject_id, [row[0] for row in rows]),
            one_of(Event.customer_id, {id_ for row in rows for id_ in row[1:]}),
        )
        db.session.execute(naming, execution_options=_OPTIONS)
