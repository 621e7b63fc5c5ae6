"""Extensions of numbers, numbers in the spellings of today, and a text for searches that has all of a customer.

Numbers of Brazil and Mexico that were written the old way count as numbers that can be reached.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from crm.customers.search_text import search_text
from crm.kernel.columns import BigInt
from crm.values import phone

revision = "0021"
down_revision = "0024"
branch_labels = None
depends_on = None

PEOPLE = ("customers", "leads", "booking_persons", "area_customers")
BATCH = 2_000

CONTACT = ("id", "organization_id", "name", "phone", "phone_valid", "phone_extension", "email", "passport_number")


def _table(name: str, *columns: str) -> sa.TableClause:
    types = dict.fromkeys(("id", "organization_id", "customer_id", "booking_id"), BigInt) | {"phone_valid": sa.Boolean}
    return sa.table(name, *(sa.column(column, types.get(column, sa.String)) for column in columns))


customers = _table("customers", *CONTACT)
keys = _table("customer_keys", "id", "organization_id", "customer_id", "value")
found_by = _table("customer_search", "organization_id", "customer_id", "text")
leads = _table("leads", *CONTACT, "search_text")
area_customers = _table("area_customers", *CONTACT, "search_text", "area")
persons = _table("booking_persons", *CONTACT, "booking_id")
bookings = _table("bookings", "id", "organization_id", "number", "search_text")


def upgrade() -> None:
    for table in (*PEOPLE, "customer_keys"):
        op.add_column(
            table,
            sa.Column(
                "phone_extension" if table in PEOPLE else "extension",
                sa.String(length=7),
                server_default="",
                nullable=False,
            ),
        )
    bind = op.get_bind()
    for id_, region in bind.execute(sa.text("SELECT id, phone_region FROM organizations ORDER BY id")).all():
        if bind.dialect.name == "postgresql":
            bind.execute(sa.text("SELECT set_config('app.organization_id', :id, true)"), {"id": str(id_)})
        for table in (customers, leads, persons, area_customers):
            _read_numbers_again(table, id_, region)
        _rewrite(found_by, found_by.c.customer_id, "text", id_, _texts_of_customers(id_, region))
        _rewrite(leads, leads.c.id, "search_text", id_, _texts_of_leads(id_, region))
        _rewrite(area_customers, area_customers.c.id, "search_text", id_, _texts_of_area_customers(id_, region))
        _rewrite(bookings, bookings.c.id, "search_text", id_, _texts_of_bookings(id_, region))
    if bind.dialect.name == "postgresql":
        bind.execute(sa.text("SELECT set_config('app.organization_id', '', true)"))


def _rows(table: sa.TableClause, organization_id: int, *conditions: Any) -> Iterator[Any]:
    """Yield the rows of an organization by id, in batches: nothing of what is read has to be kept."""
    last = 0
    while True:
        statement = sa.select(table).where(table.c.organization_id == organization_id, table.c.id > last, *conditions)
        rows = op.get_bind().execute(statement.order_by(table.c.id).limit(BATCH)).all()
        if not rows:
            return
        yield from rows
        last = rows[-1].id


def _read_numbers_again(table: sa.TableClause, organization_id: int, region: str) -> None:
    """Read the numbers again that nobody could be reached by, where they may be of Brazil or Mexico."""
    here = table.c.organization_id == organization_id
    unread = [~table.c.phone_valid, table.c.phone != ""]
    if region not in ("BR", "MX"):
        unread.append(sa.or_(table.c.phone.like("%52%"), table.c.phone.like("%55%")))
    changed = []
    for row in _rows(table, organization_id, *unread):
        number = phone.parse(row.phone, region)
        if number.valid and number.value.startswith(("+52", "+55")):
            changed.append({"row": row.id, "number": number.value, "behind": number.extension})
    if changed:
        read = {"phone": sa.bindparam("number"), "phone_extension": sa.bindparam("behind"), "phone_valid": sa.true()}
        op.get_bind().execute(sa.update(table).where(here, table.c.id == sa.bindparam("row")).values(read), changed)


def _rewrite(
    table: sa.TableClause, id_column: Any, column: str, organization_id: int, texts: Iterator[tuple[int, str]]
) -> None:
    """Write the texts that are others than before."""
    bind = op.get_bind()
    statement = sa.update(table).where(table.c.organization_id == organization_id, id_column == sa.bindparam("row"))
    statement = statement.where(table.c[column] != sa.bindparam("new")).values({column: sa.bindparam("new")})
    batch: list[dict[str, Any]] = []
    for id_, text in texts:
        batch.append({"row": id_, "new": text})
        if len(batch) == BATCH:
            bind.execute(statement, batch)
            batch = []
    if batch:
        bind.execute(statement, batch)


def _texts_of_customers(organization_id: int, region: str) -> Iterator[tuple[int, str]]:
    further: defaultdict[int, list[str]] = defaultdict(list)
    for key in _rows(keys, organization_id):
        further[key.customer_id].append(key.value)
    for row in _rows(customers, organization_id):
        number, extension = (row.phone, bool(row.phone_valid), region), row.phone_extension
        also = [f"ext{extension}", extension] if extension else []
        yield row.id, search_text(row.name, *number, row.email, *also, row.passport_number, *further.get(row.id, ()))


def _texts_of_leads(organization_id: int, region: str) -> Iterator[tuple[int, str]]:
    for row in _rows(leads, organization_id):
        yield row.id, _text(row.name, row, region)


def _texts_of_area_customers(organization_id: int, region: str) -> Iterator[tuple[int, str]]:
    for row in _rows(area_customers, organization_id):
        yield row.id, _text(f"{row.name} {row.area}", row, region)


def _texts_of_bookings(organization_id: int, region: str) -> Iterator[tuple[int, str]]:
    party: defaultdict[int, list[str]] = defaultdict(list)
    for row in _rows(persons, organization_id):
        party[row.booking_id].append(_text(row.name, row, region))
    for row in _rows(bookings, organization_id):
        number = search_text(row.number, row.number, False, region, None)
        yield row.id, number + "".join(party[row.id])


def _text(name: str, row: Any, region: str) -> str:
    return search_text(name, row.phone, bool(row.phone_valid), region, row.email, row.passport_number)
