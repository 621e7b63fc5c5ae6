"""Whether somebody used a customer since an import added them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import sqlalchemy as sa

from crm.customers.consent_models import ConsentChange
from crm.customers.consents import COLUMNS, subject_of
from crm.imports.models import Import
from crm.kernel.columns import Base, one_of
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog

EVERYWHERE = {"all_branches": True}


def used_since(row: Import, ids: Collection[int]) -> set[int]:
    """Return customers with an event that is not the import's, or with rows of their own: a message, an invoice.

    Proofs of consent that the import wrote are its own; those that came since are not.
    """
    if not ids:
        return set()
    by_import = sa.and_(Event.subject == Import.__tablename__, Event.subject_id == row.id)
    events = sa.select(Event.customer_id).where(one_of(Event.customer_id, ids), ~by_import).distinct()
    found = {id_ for id_ in db.session.scalars(events, execution_options=EVERYWHERE) if id_ is not None}
    for model in _rows_of_customers():
        rows = sa.select(model.customer_id).where(one_of(model.customer_id, ids)).distinct()
        if model is ConsentChange:
            rows = rows.where(sa.or_(ConsentChange.import_id.is_(None), ConsentChange.import_id != row.id))
        found.update(db.session.scalars(rows, execution_options=EVERYWHERE))
    return found


def consents_since(row: Import, ids: Collection[int]) -> set[tuple[int, str]]:
    """Return customers with the columns of consent that somebody changed after the import did."""
    columns = {subject_of(name): name for name in COLUMNS}
    proof = ConsentChange
    statement = sa.select(proof.customer_id, proof.channel, proof.purpose, proof.import_id)
    statement = statement.where(one_of(proof.customer_id, ids)).order_by(proof.id)
    rows = db.session.execute(statement, execution_options=EVERYWHERE)
    last = {(id_, columns.get((channel, purpose))): by for id_, channel, purpose, by in rows}
    return {(id_, name) for (id_, name), by in last.items() if name is not None and by != row.id}


def _rows_of_customers() -> Iterator[Any]:
    """Yield the tables of rows that people add to a customer; what follows from others is in no backup either."""
    features = catalog()
    for mapper in Base.registry.mappers:
        name = getattr(mapper.local_table, "name", "")
        if (
            name in features.customer_rows
            and not features.data[name].left_out
            and hasattr(mapper.class_, "customer_id")
        ):
            yield mapper.class_
