"""All that hangs on a person: the rows reached over pointers from a customer, and what names them there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.kernel.columns import one_of
from crm.kernel.data import Erasure, Holds
from crm.kernel.manifest import catalog
from crm.people.names import may_be_one
from crm.privacy import tables
from crm.privacy.rules import Masking, Named
from crm.privacy.tables import CUSTOMERS, EVENTS, Reached, here, ids_where, table_named
from crm.values import phone

CONTACT = ("name", "phone", "email", "passport_number")


class Person:
    """A person, as the rows of any table.

    own: rows that hang on nobody else. shared: rows that others hang on too. alone: those of the latter that only the
    person hangs on. files: rows whose stored file may hold the person, by table.
    """

    def __init__(self, roots: Mapping[str, set[int]]) -> None:
        self.own = tables.reached()
        self._add(roots)
        while strays := _strays(self.own, self.named):
            self._add(strays)
        self.numbers = _numbers(self.named, self.own)
        self.emails = self.named.emails - _taken(self.named.emails, "email", self.own)
        self._add(_texts_of(self.numbers))
        self.masking = Masking(
            self.named, current_organization().phone_region, _shared_names(self.named, self.own[CUSTOMERS])
        )
        self._add(self._read_rows())
        self.shared = _shared(self.own)
        self.alone = {name: ids - _with_others(name, ids, self.own) for name, ids in self.shared.items()}
        self.files = _files(self.own)

    @classmethod
    def of_customer(cls, customer_id: int) -> Person:
        """Find a customer with those who were merged into them."""
        return cls({CUSTOMERS: {customer_id}})

    def _add(self, more: Mapping[str, set[int]]) -> None:
        for name, ids in more.items():
            self.own[name] |= ids
        walk(self.own)
        self.named = named(self.own)

    def _read_rows(self) -> Reached:
        """Find rows that were read of a file and name the person, imported or not."""
        found = {}
        for table, rows in tables.tables():
            if any(_has_files(target) for _, target in tables.pointers(table, rows)):
                columns = tables.texts(table, rows, Holds.PERSONAL, Holds.FREE_TEXT)
                naming = tables.naming(table, columns, self.masking.hints())
                values = ((row["id"], [row[column.name] for column in columns]) for row in naming)
                found[table.name] = {id_ for id_, said in values if self.masking.names_them(said)}
        return found


def documents_of(person: Person) -> set[int]:
    """Return documents of bookings that are the person's alone."""
    receipts = table_named("receipts")
    return ids_where(receipts, one_of(receipts.columns.booking_id, person.alone.get("bookings", set())))


def walk(own: Reached) -> None:
    """Add the rows that point to rows of the person, and so on."""
    links = [
        (table, column, target)
        for table, rows in tables.tables()
        if rows.erasure is not Erasure.SHARED
        for column, target in tables.pointers(table, rows)
    ]
    followed: dict[tuple[str, str, str], set[int]] = {}
    grown = True
    while grown:
        grown = False
        for table, column, target in links:
            link = (table.name, column.name, target)
            new = own.get(target, set()) - followed.get(link, set())
            if new:
                followed.setdefault(link, set()).update(new)
                found = ids_where(table, one_of(column, new)) - own[table.name]
                own[table.name] |= found
                grown = grown or bool(found)
    events = table_named(EVENTS)
    for name, ids in list(own.items()):
        if name != EVENTS and ids:
            own[EVENTS] |= ids_where(events, events.columns.subject == name, one_of(events.columns.subject_id, ids))


def named(own: Reached) -> Named:
    """Collect what names the person in their rows, and what did before."""
    found = Named()
    for table, _rows in tables.tables():
        wanted = [name for name in (*CONTACT, "kind", "value", "changes", "snapshot") if name in table.columns]
        if not own.get(table.name) or not {*CONTACT, "value", "changes", "snapshot"} & set(wanted):
            continue
        if "value" in wanted and "kind" not in wanted:
            continue
        columns = [table.columns[name] for name in wanted]
        chosen = sa.select(*columns).where(here(table, one_of(tables.key_of(table), own[table.name])))
        for row in tables.select(chosen):
            for kind, value in _said(row):
                found.learn(kind, value)
    return found


def _said(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, row[name]) for name in CONTACT if name in row)
    if "value" in row:
        yield {"passport": "passport_number"}.get(row["kind"], row["kind"]), row["value"]
    for field, values in (row.get("changes") or {}).items():
        if field in CONTACT and isinstance(values, list):
            yield from ((field, value) for value in values)
    for which in ("kept", "gone"):
        for known in ((row.get("snapshot") or {}).get(which) or {}).values():
            yield from ((name, (known or {}).get(name)) for name in CONTACT)


def _strays(own: Reached, known: Named) -> Reached:
    """Find rows of the person that no customer is linked to yet: the same contact, under a name that may be theirs."""
    found: Reached = {}
    for table, _rows in tables.tables():
        if table.name == CUSTOMERS or not {"name", "phone", "email", "customer_id"} <= set(table.columns.keys()):
            continue
        columns = table.columns
        same = sa.or_(one_of(columns.phone, known.phones), one_of(columns.email, known.emails))
        unlinked = sa.select(tables.key_of(table).label("id"), columns.name).where(
            here(table, columns.customer_id.is_(None), same)
        )
        theirs = {
            row["id"] for row in tables.select(unlinked) if any(may_be_one(row["name"], name) for name in known.names)
        }
        if theirs - own.get(table.name, set()):
            found[table.name] = theirs
    return found


def _texts_of(numbers: set[str]) -> Reached:
    """Find what came in from the person's numbers."""
    texts, ids = table_named("inbound_messages"), table_named("whatsapp_ids")
    known = ids_where(ids, one_of(ids.columns.phone, numbers))
    names = {row["name"] for row in tables.rows_of(ids, known)}
    sent = sa.or_(
        one_of(texts.columns.sender, numbers),
        sa.and_(texts.columns.sender == "", texts.columns.sender_id != "", one_of(texts.columns.sender_id, names)),
    )
    return {"whatsapp_ids": known, "inbound_messages": ids_where(texts, sent)}


def _numbers(known: Named, own: Reached) -> set[str]:
    """Return the spellings of the numbers that the person alone has."""
    spelled = {variant for number in known.phones for variant in phone.variants(number)}
    taken = _taken(spelled, "phone", own)
    return spelled - {variant for number in taken for variant in phone.variants(number)}


def _taken(contacts: set[str], field: str, own: Reached) -> set[str]:
    """Return those of some numbers or addresses that another customer has."""
    taken: set[str] = set()
    for name, column in (("customers", field), ("customer_keys", "value")):
        table = table_named(name)
        others = sa.not_(one_of(tables.key_of(table), own.get(name, set())))
        value = table.columns[column]
        rows = tables.select(sa.select(value.label("value")).where(here(table, one_of(value, contacts), others)))
        taken |= {row["value"] for row in rows}
    return taken


def _shared(own: Reached) -> Reached:
    found = tables.reached()
    for table, rows in tables.tables():
        for column, target in tables.pointers(table, rows):
            if rows.erasure is Erasure.SHARED and own.get(target):
                found[table.name] |= ids_where(table, one_of(column, own[target]))
            if own.get(table.name) and _is(target, Erasure.SHARED):
                pointing = here(table, one_of(tables.key_of(table), own[table.name]), column.is_not(None))
                found[target] |= {row["id"] for row in tables.select(sa.select(column.label("id")).where(pointing))}
    return found


def _with_others(name: str, ids: set[int], own: Reached) -> set[int]:
    """Return those of shared rows that another person hangs on."""
    found: set[int] = set()
    for table, rows in tables.tables():
        if not {"name", "customer_id"} <= set(table.columns.keys()):
            continue
        for column, target in tables.pointers(table, rows):
            if target == name:
                others = sa.not_(one_of(tables.key_of(table), own.get(table.name, set())))
                chosen = sa.select(column.label("id")).where(here(table, one_of(column, ids), others))
                found |= {row["id"] for row in tables.select(chosen)}
    return found


def _files(own: Reached) -> Reached:
    """Return rows with files that may hold the person: those that rows of the person came from, or all of a table."""
    found: Reached = {}
    for table, rows in tables.tables():
        if not rows.copies:
            continue
        read = [
            (child, column)
            for child, of_child in tables.tables()
            for column, target in tables.pointers(child, of_child)
            if target == table.name
        ]
        found[table.name] = set() if read else ids_where(table)
        for child, column in read:
            chosen = sa.select(column.label("id")).where(
                here(child, one_of(tables.key_of(child), own.get(child.name, set())))
            )
            found[table.name] |= {row["id"] for row in tables.select(chosen)}
    return found


def _is(name: str, erasure: Erasure) -> bool:
    return name in catalog().data and catalog().data[name].erasure is erasure


def _has_files(name: str) -> bool:
    return name in catalog().data and bool(catalog().data[name].copies)


def _shared_names(known: Named, own: set[int]) -> list[str]:
    """Return the person's names of one word that stand in the names of others."""
    customers = table_named(CUSTOMERS)
    single = [name for name in known.names if " " not in name]
    if not single:
        return []
    others = here(customers, sa.not_(one_of(customers.columns.id, own)))
    return [
        name for name in single if ids_where(customers, others, customers.columns.name.icontains(name, autoescape=True))
    ]
