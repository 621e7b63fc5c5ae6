"""What is found of a person by their number, and in files."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.rules import Consent
from crm.invoices.files import discard
from crm.invoices.services import KIND as RECEIPT
from crm.kernel.columns import one_of
from crm.kernel.db import after_commit, database_now, locked
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor
from crm.kernel.work import due
from crm.messages.bookkeeping import KIND as MESSAGE
from crm.messages.bookkeeping import look_at, tell
from crm.messages.channels.base import Addresses
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.models import Message
from crm.messages.rules import BEING_SENT, WAITING, Status
from crm.messages.suppression_models import OptOutSource, Purpose, Suppression, hidden, listed
from crm.privacy.person import Person, documents_of
from crm.privacy.tables import CUSTOMERS, delete, ids_where, rows_of, table_named, tables, update
from crm.series.services import KIND as SERIES
from crm.values.language import gettext as _

EVERYWHERE = {"all_branches": True}


def stop_messages(customer_id: int) -> None:
    """Cancel what waits to be sent, in the order of locks; ConflictError while something is being sent."""
    series, messages = table_named("message_series"), table_named("messages")
    due.settle(SERIES, ids_where(series, series.columns.customer_id == customer_id))
    ids = ids_where(messages, messages.columns.customer_id == customer_id)
    due.lock(MESSAGE, ids)
    wanted = sa.select(Message).where(
        one_of(Message.id, ids), Message.status.in_([status.value for status in WAITING | BEING_SENT])
    )
    waiting = db.session.scalars(locked(wanted.order_by(Message.id)), execution_options=EVERYWHERE).all()
    if any(message.status in BEING_SENT for message in waiting):
        raise ConflictError(_("A message is being sent to this customer. Try again in a minute."))
    now = database_now()
    for message in waiting:
        message.turn(Status.CANCELED, now)
        tell("message.canceled", message)
    look_at({message.id: None for message in waiting})
    db.session.flush()


def hide_opt_outs(person: Person) -> None:
    """Keep the opt-outs of the person's numbers and addresses without these."""
    customers = rows_of(table_named(CUSTOMERS), person.own[CUSTOMERS])
    by_phone = any(not row["sms_allowed"] and not row["whatsapp_allowed"] for row in customers)
    by_email = any(not row["email_allowed"] for row in customers)
    _hide(PHONES, person.numbers, _forbidden(customers, by_phone, "marketing_sms", "marketing_whatsapp"))
    _hide(EMAILS, person.emails, _forbidden(customers, by_email, "marketing_email"))


def _forbidden(customers: Sequence[Mapping[str, Any]], forbids: bool, *marketing: str) -> Purpose | None:
    """Return what the person wants no more of, so that nobody writes to them when they come back."""
    if forbids:
        return Purpose.ALL
    withdrawn = any(row[column] == Consent.WITHDRAWN for row in customers for column in marketing)
    return Purpose.MARKETING if withdrawn else None


def _hide(addresses: Addresses, own: set[str], forbidden: Purpose | None) -> None:
    numbers = sorted(own)
    wanted = sa.select(Suppression).where(
        one_of(Suppression.address, listed(numbers)), Suppression.kind == addresses.kind
    )
    rows = db.session.scalars(locked(wanted.order_by(Suppression.id))).all()
    for row in rows:
        if not row.is_hidden:
            db.session.delete(row)
    db.session.flush()
    there = {row.address: row for row in rows if row.is_hidden}
    known = {row.address: row for row in rows}
    for number in numbers if forbidden else [number for number in numbers if number in known]:
        purposes = {forbidden, known[number].purpose if number in known else None}
        purpose = Purpose.ALL if Purpose.ALL in purposes else Purpose.MARKETING
        if (before := there.get(hidden(number))) is not None:
            before.purpose = Purpose.ALL if purpose is Purpose.ALL else before.purpose
        elif addresses.is_valid(number):
            db.session.add(
                Suppression(
                    kind=addresses.kind,
                    address=hidden(number),
                    source=known[number].source if number in known else OptOutSource.STAFF,
                    purpose=purpose,
                    created_by_id=current_actor(),
                )
            )
    db.session.flush()


def delete_files(person: Person, since: dt.date) -> None:
    """Delete the person's files, but receipts of invoices since a day, which lose their names."""
    receipts = table_named("receipts")
    own = rows_of(receipts, person.own["receipts"] | documents_of(person))
    dates = {row["id"]: row["date"] for row in rows_of(table_named("invoices"), person.own["invoices"])}
    kept = [row["id"] for row in own if dates.get(row["invoice_id"], dt.date.min) >= since]
    gone = [row for row in own if row["id"] not in kept]
    for id_ in kept:
        update(receipts, [id_], {"filename": f"receipt-{id_}", "notice": "", "reason": ""})
    due.settle(RECEIPT, [row["id"] for row in gone])
    delete(receipts, [row["id"] for row in gone])
    keys = [key for row in gone for key in (row["original_key"], row["pdf_key"]) if key]
    after_commit(functools.partial(discard, [*keys, *_copies(person)]))


def _copies(person: Person) -> list[str]:
    """Forget the files that may hold the person, of imports that had them and of all exports; return their keys."""
    keys = []
    for table, rows in tables():
        for name in rows.copies.split():
            column = table.columns[name]
            ids = ids_where(table, column.is_not(None)) & person.files.get(table.name, set())
            keys += [row[name] for row in rows_of(table, ids)]
            update(table, ids, {name: None})
    return keys
