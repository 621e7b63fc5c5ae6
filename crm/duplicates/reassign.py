"""Move a customer's rows to another; the tables are found by the schema's foreign keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.columns import Base, one_of
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import require_organization


class Reference(NamedTuple):
    table: sa.Table
    column: str


def references() -> Iterator[Reference]:
    for table in sorted(Base.metadata.tables.values(), key=lambda table: table.name):
        for key in table.foreign_key_constraints:
            for element in key.elements:
                if key.referred_table is Customer.__table__ and element.column.name == "id":
                    yield Reference(table, element.parent.name)


def moved_references() -> list[Reference]:
    """Return the references of tables that manifests name, and of events, which have no foreign key."""
    events = Event.__table__
    assert isinstance(events, sa.Table)  # noqa: S101 -- for the type checker
    rows = catalog().customer_rows
    return [
        *(reference for reference in references() if reference.table.name in rows),
        Reference(events, "customer_id"),
    ]


def move_rows(from_id: int, to_id: int, moved: Mapping[str, Sequence[int]] | None = None) -> dict[str, list[int]]:
    """Move all rows of one customer to another, or those with the ids in `moved`; return the moved ids by table."""
    found = {}
    for table, column in moved_references():
        if moved is not None and not moved.get(table.name):
            continue
        statement = sa.update(table).where(_here(table), table.c[column] == from_id).values({column: to_id})
        if moved is not None:
            statement = statement.where(one_of(table.c.id, moved[table.name]))
        ids = db.session.connection().scalars(statement.returning(table.c.id)).all()
        if ids:
            found[table.name] = sorted(ids)
    return found


def last_ids(customer_id: int) -> dict[str, int]:
    """Return a customer's highest id in each table, to tell later rows by."""
    return {
        table.name: db.session.connection().scalar(
            sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0)).where(_here(table), table.c[column] == customer_id)
        )
        or 0
        for table, column in moved_references()
    }


def count_since(customer_id: int, last: Mapping[str, int]) -> dict[str, int]:
    """Count a customer's rows after those of `last` by table, events aside."""
    found = {}
    for table, column in moved_references():
        if table.name != Event.__tablename__:
            later = sa.and_(_here(table), table.c[column] == customer_id, table.c.id > last.get(table.name, 0))
            count = db.session.connection().scalar(sa.select(sa.func.count()).select_from(table).where(later))
            if count:
                found[table.name] = int(count)
    return found


def _here(table: sa.Table) -> sa.ColumnElement[bool]:
    return table.c.organization_id == require_organization()
