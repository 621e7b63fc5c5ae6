"""Names, cities and provinces folded as they are today: more letters of Arabic keyboards, marks that nobody sees."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.kernel.columns import BigInt
from crm.values.text import fold

revision = "0020"
down_revision = "0021"
branch_labels = None
depends_on = None

FOLDED = {
    "customers": ("id", "name_key", "city_key", "province_key"),
    "customer_search": ("customer_id", "text"),
    "leads": ("id", "search_text"),
    "area_customers": ("id", "search_text"),
    "bookings": ("id", "search_text"),
}
BATCH = 2_000


def upgrade() -> None:
    bind = op.get_bind()
    for id_ in bind.scalars(sa.text("SELECT id FROM organizations ORDER BY id")).all():
        if bind.dialect.name == "postgresql":
            bind.execute(sa.text("SELECT set_config('app.organization_id', :id, true)"), {"id": str(id_)})
        for name, (key, *columns) in FOLDED.items():
            _fold_again(name, key, columns, id_)
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text("SELECT set_config('app.organization_id', '', true)"))


def _fold_again(name: str, key: str, columns: list[str], organization_id: int) -> None:
    """Fold what has letters other than of ASCII; folding what is folded adds what folding has learned."""
    bind = op.get_bind()
    ids = (sa.column(column, BigInt) for column in (key, "organization_id"))
    table = sa.table(name, *ids, *(sa.column(column, sa.String) for column in columns))
    operator, pattern = ("~", "[^ -~]") if bind.dialect.name == "postgresql" else ("GLOB", "*[^ -~]*")
    row_id = table.c[key]
    here = table.c.organization_id == organization_id
    odd = sa.or_(*(table.c[column].op(operator)(pattern) for column in columns))
    update = sa.update(table).where(here, row_id == sa.bindparam("row"))
    update = update.values({column: sa.bindparam(f"new_{column}") for column in columns})
    last = 0
    while rows := bind.execute(sa.select(table).where(here, row_id > last, odd).order_by(row_id).limit(BATCH)).all():
        last = getattr(rows[-1], key)
        changed = [folded for row in rows if (folded := _folded(row, key, columns))]
        if changed:
            bind.execute(update, changed)


def _folded(row: Any, key: str, columns: list[str]) -> dict[str, Any] | None:
    values = {column: getattr(row, column) for column in columns}
    folded = {column: value if value is None else fold(value) for column, value in values.items()}
    if folded == values:
        return None
    return {"row": getattr(row, key)} | {f"new_{column}": value for column, value in folded.items()}
