"""The ledger of erased rows, by which a restored backup is erased again before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.fingerprints import fingerprint, fingerprints
from crm.kernel.tenancy import require_organization
from crm.privacy import tables
from crm.privacy.models import ErasedRow
from crm.privacy.tables import Reached

KEPT = ("customers", "leads", "area_customers", "booking_persons")
"""Tables of people: a row of one says by itself whom it is about."""
PAGE = 1_000


def enter(erased: Reached) -> None:
    """Enter the rows of a person, while they are still there."""
    keys = []
    for name in KEPT:
        keys += [fingerprint("erased", name, id_, made) for id_, made in _moments(name, erased.get(name, set()))]
    if keys:
        rows = [{"organization_id": require_organization(), "key": key} for key in sorted(set(keys))]
        db.session.execute(_ENTER[db.engine.dialect.name], rows)


def found_again(original_id: int, original: Callable[[str, int], int]) -> Reached:
    """Return rows of a restored organization that were erased in the original, by table.

    `original` returns the id that a row of a table has there.
    """
    there = sa.select(sa.func.count()).where(ErasedRow.organization_id == original_id)
    found = tables.reached()
    if not db.session.scalar(there):
        return found
    for name in KEPT:
        table, last = tables.table_named(name), 0
        while ids := _page(table, last):
            last = max(ids)
            found[name] |= _erased(name, ids, original_id, original)
    return found


def _page(table: sa.Table, last: int) -> list[int]:
    key = tables.key_of(table)
    chosen = sa.select(key).where(tables.here(table, key > last)).order_by(key).limit(PAGE)
    return list(db.session.connection().execute(chosen).scalars())


def _erased(name: str, ids: Iterable[int], original_id: int, original: Callable[[str, int], int]) -> set[int]:
    by_key: dict[str, int] = {}
    for id_, made in _moments(name, ids):
        by_key |= dict.fromkeys(fingerprints("erased", name, original(name, id_), made), id_)
    known = sa.select(ErasedRow.key).where(ErasedRow.organization_id == original_id, one_of(ErasedRow.key, by_key))
    return {by_key[key] for key in db.session.scalars(known)}


def _moments(name: str, ids: Iterable[int]) -> list[tuple[int, str]]:
    """Return ids with the moment that each row was made, for another installation gives the same ids."""
    table = tables.table_named(name)
    rows = tables.rows_of(table, set(ids))
    return [(row["id"], row["created_at"].isoformat() if "created_at" in row else "") for row in rows]


def _enter(insert: Callable[..., sqlite.Insert | postgresql.Insert]) -> sa.Insert:
    return insert(ErasedRow.__table__).on_conflict_do_nothing()


_ENTER = {"postgresql": _enter(postgresql.insert), "sqlite": _enter(sqlite.insert)}
