"""Erase a person: what names them goes from every table, what the law wants of their invoices stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from crm.customers.locks import lock_intake
from crm.customers.models import Customer
from crm.customers.services import lock_unmerged
from crm.customers.signals import person_erased
from crm.customers.timeline import ERASED
from crm.kernel.columns import db_now
from crm.kernel.data import Erasure, Holds, Rows
from crm.kernel.db import transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.people.contact_fields import sort_key
from crm.privacy import ledger, tables, traces
from crm.privacy.person import Person
from crm.privacy.queries import held_since
from crm.privacy.rules import Masking, erased_name, is_erased_name
from crm.privacy.tables import CUSTOMERS, EVENTS

SAID = (Holds.PERSONAL, Holds.FREE_TEXT)


def erase(customer_id: int, reason: str) -> Customer:
    """Erase a customer for good; ConflictError for one who was merged, or while a message to them is being sent.

    Erasing again changes nothing. One event remains that says who did it, when and why.
    """
    with transaction() as session:
        lock_intake()
        traces.stop_messages(customer_id)
        customer = lock_unmerged(customer_id)
        if customer.erased_at is None:
            person = Person.of_customer(customer_id)
            erase_person(person, customer_id)
            customer = session.get_one(Customer, customer_id)
            said = {"reason": [None, person.masking.mask(reason)]}
            record("customer.erased", customer, customer_id=customer_id, changes=said)
        return customer


def erase_person(person: Person, number: int) -> None:
    """Erase the rows of a person, who is called by a number from now on."""
    session, name = db.session, erased_name(number)
    ledger.enter(person.own)
    traces.hide_opt_outs(person)
    traces.delete_files(person, held_since())
    session.flush()
    for table, rows in reversed(list(tables.tables())):
        own = person.own.get(table.name, set())
        if rows.erasure is Erasure.DELETE:
            tables.delete(table, own)
    for table, rows in tables.tables():
        own = person.own.get(table.name, set())
        if own and rows.erasure is Erasure.BLANK and table.name != EVENTS:
            tables.update(table, own, _blanked(table, rows, name))
        if alone := person.alone.get(table.name):
            tables.update(table, alone, {column.name: "" for column in tables.texts(table, rows, Holds.FREE_TEXT)})
    tables.update(tables.table_named(EVENTS), person.own[EVENTS], {"changes": {ERASED: [None, None]}})
    tables.update(tables.table_named(CUSTOMERS), person.own[CUSTOMERS], _closed())
    _mask_elsewhere(person.masking)
    session.expire_all()
    person_erased.send(person.own | {shared: person.shared[shared] for shared in person.shared})


def _blanked(table: sa.Table, rows: Rows, name: str) -> dict[str, Any]:
    values = {column.name: tables.blank(column) for column in tables.texts(table, rows, *SAID)}
    values |= {column.name: None for column in tables.numbers(table, rows)}
    if table.name in ledger.KEPT:
        values["name"] = name
        values |= {flag: value for flag, value in _NOBODY.items() if flag in table.columns}
    if "name_key" in values:
        values["name_key"] = sort_key(name)
    if table.name == "receipts":  # what stays of them is named by `traces`
        return {}
    return values


_NOBODY = {"phone_valid": False, "do_not_collect": True}


def _closed() -> dict[str, Any]:
    """Return what a customer is who was erased: out of the lists, and nobody to write to."""
    return {
        "erased_at": db_now(),
        "updated_at": db_now(),
        "archived_at": db_now(),
        "archived_by_id": current_actor(),
        "is_active": False,
        "sms_allowed": False,
        "whatsapp_allowed": False,
        "email_allowed": False,
    }


def _mask_elsewhere(masking: Masking) -> None:
    """Mask what names the person in what others wrote, and in JSON; columns with contacts of others stay theirs."""
    hints = masking.hints()
    for table, rows in tables.tables():
        columns = [
            column
            for column in table.columns
            if column in tables.texts(table, rows, Holds.FREE_TEXT)
            or (isinstance(column.type, sa.JSON) and column in tables.texts(table, rows, *Holds))
        ]
        for row in tables.naming(table, columns, hints):
            masked = {column.name: masking.mask(row[column.name]) for column in columns}
            changed = {name: value for name, value in masked.items() if value != row[name]}
            tables.update(table, [row[tables.key_of(table).name]], changed)


def erase_again(original_id: int, original: Callable[[str, int], int]) -> int:
    """Erase in a restored organization who was erased in the original since; return how many rows told of them.

    `original` returns the id that a row of a table has in the original, whose id is `original_id`.
    """
    with transaction() as session:
        lock_intake()
        found = ledger.found_again(original_id, original)
        erased = sa.select(Customer.id).where(Customer.erased_at.is_not(None))
        found[CUSTOMERS] -= set(session.scalars(erased, execution_options={"all_branches": True}))
        people = [(CUSTOMERS, id_) for id_ in sorted(found.pop(CUSTOMERS))]
        people += [(name, id_) for name, ids in found.items() for id_ in sorted(ids)]
        seen: set[tuple[str, int]] = set()
        for name, id_ in people:
            row = tables.rows_of(tables.table_named(name), {id_})
            if (name, id_) not in seen and not is_erased_name(row[0]["name"]):
                if name == CUSTOMERS:
                    traces.stop_messages(id_)
                person = Person({name: {id_}})
                erase_person(person, original(name, id_))
                seen |= {(table, own) for table, ids in person.own.items() for own in ids}
        return len(seen & set(people))
