"""All rows of an organization, to be compared before a merge and after it was undone."""

from __future__ import annotations

from collections import Counter
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import Base
from crm.kernel.events import Event
from crm.kernel.extensions import db
from tests.factories import Person

APART = {"merges", "events", "customer_totals", "sign_ins", "sign_in_failures", "token_families"}
"""What tells of a merge or of who looks on, and the totals, which PostgreSQL keeps as differences."""

Rows = dict[str, Any]


def everything(person: Person, last_event: int | None = None) -> Rows:
    """Return every row by its table and key, as text; of the events those up to the last one of before."""
    found: Rows = {}
    with person.acting():
        for table in Base.metadata.sorted_tables:
            if table.name not in APART:
                for row in _rows(table):
                    key = tuple(row[column.name] for column in table.primary_key)
                    found[f"{table.name} {key}"] = repr(sorted(row.items()))
        for row in _rows(Event.__table__):
            if last_event is None or row["id"] <= last_event:
                found[f"events {row['id']}"] = repr(sorted(row.items()))
        found["totals"] = _totals()
    return found


def last_event(person: Person) -> int:
    """Return the id of the latest event."""
    with person.acting():
        return db.session.scalar(sa.select(sa.func.max(Event.id))) or 0


def differences(before: Rows, after: Rows) -> dict[str, Any]:
    """Return what is not the same, with both versions."""
    return {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }


def _rows(table: Any) -> list[dict[str, Any]]:
    statement = sa.select(table).execution_options(all_organizations=True)
    return [dict(row) for row in db.session.execute(statement).mappings()]


def _totals() -> dict[Any, Any]:
    found: dict[Any, Counter[str]] = {}
    for row in _rows(Base.metadata.tables["customer_totals"]):
        key = (row["organization_id"], row["branch_id"], row["created_month"])
        figures = {
            name: row[name] for name in ("customers", "active", "points", "bronze", "silver", "gold", "platinum")
        }
        found.setdefault(key, Counter()).update(figures)
    return {key: dict(+counts) for key, counts in found.items() if +counts}
