"""One of everything about one person, by the declarations of what columns hold, and a search for what is left of it."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

import sqlalchemy as sa

from crm.imports import services as imports
from crm.kernel import storage
from crm.kernel.columns import Base, TextCode
from crm.kernel.data import Erasure, Holds
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.tenancy import current_actor, require_organization
from crm.messages.channels.phones import PHONES
from crm.messages.suppression_models import OptOutSource
from crm.opt_outs.services import put_on
from crm.privacy import tables
from crm.privacy.person import Person
from tests.factories import (
    FILL,
    PDF,
    make_area_customer,
    make_attempt,
    make_booking,
    make_customer,
    make_export,
    make_follow_up,
    make_invoice,
    make_lead,
    make_note,
    make_receipt,
    make_text,
)

MARK = "ZQX"
NAME, PHONE, EMAIL, PASSPORT = "Zebedia Quxworthy", "+6281298765432", "zebedia@quxworthy.example", "X7712345QZ"
TOLD = f"Ask {NAME}, 0812-9876-5432 or {EMAIL}, passport {PASSPORT}."
TRACES = (MARK, "zebedia", "quxworthy", "98765432", "9876-5432", PASSPORT)


def fill(*, everywhere: bool = True) -> int:
    """Make one of everything that hangs on a person, and return the customer's id.

    `everywhere`: write of the person into every column, also of JSON, whose shape nothing can read then.
    """
    contact = {"name": NAME, "phone": PHONE, "email": EMAIL, "passport_number": PASSPORT}
    id_ = make_customer(**contact)
    for make in FILL.values():
        make()
    stranger = make_customer(name="Agus Wijaya", phone="+62 812 7000 1111")
    make_booking(persons=[{**contact, "customer_id": id_}, {"name": "Agus Wijaya", "customer_id": stranger}])
    make_booking(persons=[{**contact, "customer_id": id_}])
    make_lead(**contact, notes=TOLD)
    make_area_customer(**contact)
    make_note(customer_id=id_, text=TOLD)
    make_note(customer_id=stranger, text=TOLD)
    make_receipt(customer_id=id_)
    make_invoice(customer_id=stranger)
    make_attempt(customer_id=id_)
    make_text(sender=PHONE, body=MARK)
    put_on(PHONE, PHONES, OptOutSource.STAFF, MARK)
    imported = f"Name,Phone,E-mail\n{NAME},{PHONE},{EMAIL}\n{NAME},,no e-mail\n".encode()
    imports.run_check(imports.create("people.csv", io.BytesIO(imported), in_foreground=True).id)
    make_export()
    make_follow_up(lead_id=make_lead(name="Agus Wijaya"), note=TOLD)
    with transaction():
        _link_to(id_)
    if everywhere:
        with transaction():
            _write_everywhere(id_)
    return id_


def traces() -> list[str]:
    """Return where something of the person is left: in any column of any table, or in a file."""
    found = []
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("select set_config('app.organization_id', :id, false)"), {"id": str(_here())})
        for table in Base.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)).mappings():
                for name, value in row.items():
                    text = json.dumps(value, default=str, ensure_ascii=False)
                    found += [f"{table.name}.{name}: {text[:200]}" for trace in TRACES if trace.lower() in text.lower()]
    for key in storage.current().keys():  # noqa: SIM118 -- it is no dict
        content = key.encode() + storage.current().get(key)
        found += [f"storage: {key}" for trace in TRACES if trace.lower().encode() in content.lower()]
    return sorted(set(found))


def unfilled(person: Person) -> list[str]:
    """Return the tables that hang on a person and have no row of this one."""
    return [
        table.name
        for table, rows in tables.tables()
        if rows.erasure is not Erasure.SHARED
        and any(target in person.own for _, target in tables.pointers(table, rows))
        and not person.own.get(table.name)
    ]


def _here() -> int:
    return require_organization()


def _link_to(id_: int) -> None:
    """Let a row of every table that points to customers point to this one."""
    for table, rows in tables.tables():
        if table.name == "customers":
            continue
        for column, target in tables.pointers(table, rows):
            if target == "customers" and not tables.ids_where(table, column == id_):
                first = sorted(tables.ids_where(table))[:1]
                if first:
                    tables.update(table, first, {column.name: id_})
                else:
                    _insert(table, {column.name: id_})
    person = Person.of_customer(id_)
    for name in unfilled(person):
        table = tables.table_named(name)
        column, target = next(
            found for found in tables.pointers(table, catalog().data[name]) if person.own.get(found[1])
        )
        _insert(table, {column.name: min(person.own[target])})
        person = Person.of_customer(id_)
    for name in ("imports", "webhook_calls", "given_answers"):
        if not tables.ids_where(tables.table_named(name)):
            _insert(tables.table_named(name), {})


def _insert(table: sa.Table, values: dict[str, Any]) -> None:
    """Insert a row of made-up values."""
    for column in table.columns:
        if column.name in values or column.primary_key or column.nullable or column.server_default is not None:
            continue
        if column.name == "organization_id":
            values[column.name] = _here()
        elif column.foreign_keys:
            target = next(iter(column.foreign_keys)).column.table
            if target.name == "users":
                values[column.name] = current_actor()
                continue
            if not tables.ids_where(target):
                _insert(target, {})
            values[column.name] = min(tables.ids_where(target))
        elif column.default is not None and column.default.is_scalar:
            values[column.name] = column.default.arg
        else:
            values[column.name] = _made_up(column)
    db.session.connection().execute(sa.insert(table).values(**values))


def _made_up(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, sa.JSON):
        return []
    if isinstance(column.type, sa.String | TextCode):
        return "x"
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, sa.Date):
        return dt.date(2026, 1, 1)
    return 1 if isinstance(column.type, sa.Integer) else dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def _write_everywhere(id_: int) -> None:
    """Write of the person into every column that may, by its declaration."""
    person = Person.of_customer(id_)
    for table, rows in tables.tables():
        own = person.own.get(table.name, set())
        for row_id in own:
            said = {
                column.name: _mark(table, column)
                for column in tables.texts(table, rows, Holds.PERSONAL, Holds.FREE_TEXT)
            }
            keep = {
                "name",
                "name_key",
                "phone",
                "email",
                "passport_number",
                "value",
                "original_key",
                "pdf_key",
                "changes",
                "sender",
            }
            if table.name != "customer_search":
                tables.update(table, [row_id], {name: value for name, value in said.items() if name not in keep})
        others = tables.ids_where(table) - own
        for column in tables.texts(table, rows, Holds.FREE_TEXT):
            tables.update(table, others, {column.name: _told(column)})
    for row in tables.rows_of(receipts := tables.table_named("receipts"), person.own["receipts"]):
        storage.current().put(row["original_key"], PDF)
        tables.update(receipts, [row["id"]], {"filename": f"{NAME}.pdf"})


def _mark(table: sa.Table, column: sa.Column[Any]) -> Any:
    text = f"{MARK} {table.name}.{column.name}"
    if isinstance(column.type, sa.JSON):
        return {"name": NAME, "more": [text]}
    return text[: column.type.length or 1_000] if isinstance(column.type, sa.String) else dt.date(1999, 9, 9)


def _told(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, sa.JSON):
        return {"told": [TOLD], TOLD: 1}
    return TOLD[: getattr(column.type, "length", None) or 1_000]
