"""What an organization keeps for how long: counted before it is saved, and applied by the worker.

Never touched: customers with open invoices that have to be proved, with messages or bookings to come, with an open
lead, or whom the organization wants to keep; messages that are still to be sent, and texts that wait for an answer.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.invoices.files import discard
from crm.invoices.models import InvoiceStatus
from crm.kernel.db import after_commit, database_now, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.rules import OPEN
from crm.privacy import tables
from crm.privacy.erasure import erase
from crm.privacy.models import InactiveCustomer, RetentionRules
from crm.privacy.queries import held_since, rules_here
from crm.privacy.rules import INACTIVE, LIST_DAYS, RULES
from crm.privacy.tables import here, table_named

BATCH = 500
OVER = ("done", "canceled", "undone", "failed")
"""States of imports that nobody waits for."""


class Old(NamedTuple):
    """Rows of a table that are kept no longer; `values` blank them, None deletes them."""

    table: str
    condition: sa.ColumnElement[bool]
    values: Mapping[str, Any] | None


def save(values: Mapping[str, int | None]) -> None:
    """Set the rules; who is on the list of inactive customers for a rule that was taken back leaves it."""
    with transaction() as session:
        rules = session.scalars(sa.select(RetentionRules)).one_or_none()
        if rules is None:
            rules = RetentionRules()
            session.add(rules)
        for name in RULES:
            setattr(rules, name, values[name])
        changes = changes_of(rules)
        if changes:
            rules.updated_at = database_now()
            record("retention.changed", rules, changes={name: changes[name] for name in RULES if name in changes})
        if rules.inactive_months is None:
            gone = sa.delete(InactiveCustomer).where(InactiveCustomer.kept_at.is_(None))
            session.execute(gone, execution_options={"synchronize_session": False})


def counts(values: Mapping[str, int | None]) -> dict[str, int]:
    """Count what the rules would take now: by rule, without taking anything."""
    rules = RetentionRules(**values)
    found = {}
    for name in RULES[:-1]:
        if getattr(rules, name) is None:
            continue
        old = [_inactive(rules)] if name == "inactive_months" else _old(rules, name)
        found[name] = sum(_count(rows) for rows in old[:1])
    return found


def keep(inactive_id: int) -> None:
    """Keep a customer of the list, until they have been inactive for as long again."""
    with transaction() as session:
        session.get_one(InactiveCustomer, inactive_id).kept_at = database_now()


def apply(organization_id: int) -> bool:
    """Apply an organization's rules to some rows; True when there may be more."""
    with use_organization(organization_id):
        rules = rules_here()
        old = [old for name in RULES[1:-1] if getattr(rules, name) is not None for old in _old(rules, name)]
        more = sum(map(_take, old)) > 0
        if rules.inactive_months is not None:
            _list_inactive(rules)
            more |= _erase_listed(rules)
        return more


def _list_inactive(rules: RetentionRules) -> None:
    """Put on the list who became inactive, and take off it who came back."""
    listed = table_named("inactive_customers")
    with transaction() as session:
        table, condition = table_named("customers"), _inactive(rules).condition
        there = sa.select(listed.c.customer_id).where(here(listed))
        new = sa.select(table.c.id).where(here(table, condition, table.c.id.not_in(there))).order_by(table.c.id)
        erase_at = database_now() + dt.timedelta(days=LIST_DAYS)
        ids = session.connection().execute(new.limit(BATCH)).scalars().all()
        session.add_all([InactiveCustomer(customer_id=id_, erase_at=erase_at) for id_ in ids])
        still = sa.select(table.c.id).where(here(table, condition))
        back = here(listed, listed.c.kept_at.is_(None), listed.c.customer_id.not_in(still))
        session.flush()
        session.connection().execute(sa.delete(listed).where(back))


def _erase_listed(rules: RetentionRules) -> bool:
    """Erase those who were on the list for long enough; who is written to at this moment waits for the next turn."""
    listed = sa.select(InactiveCustomer.customer_id).where(
        InactiveCustomer.erase_at <= database_now(), InactiveCustomer.kept_at.is_(None)
    )
    ids = db.session.scalars(listed.order_by(InactiveCustomer.id).limit(BATCH)).all()
    for id_ in ids:
        try:
            erase(id_, INACTIVE.english(months=rules.inactive_months))
        except ConflictError:
            continue
    return len(ids) == BATCH


def _inactive(rules: RetentionRules) -> Old:
    customers, events, listed = (table_named(name) for name in ("customers", "events", "inactive_customers"))
    months = rules.inactive_months or 0
    cutoff = database_now() - dt.timedelta(days=round(months * 365.25 / 12))
    c = customers.c
    messages, invoices, leads = (table_named(name) for name in ("messages", "invoices", "leads"))
    guests, bookings = table_named("booking_persons"), table_named("bookings")
    coming = sa.select(bookings.c.id).where(here(bookings, bookings.c.ends_on >= cutoff.date()))
    active = (
        _of(events, events.c.at >= cutoff),
        _of(messages, messages.c.status.in_([status.value for status in OPEN]) | (messages.c.send_at >= cutoff)),
        _of(invoices, invoices.c.status == InvoiceStatus.OPEN.value, invoices.c.date >= held_since()),
        _of(leads, leads.c.status.in_(["new", "contacted"])),
        _of(guests, guests.c.booking_id.in_(coming)),
        _of(listed, listed.c.kept_at >= cutoff),
    )
    return Old(
        "customers",
        sa.and_(
            c.erased_at.is_(None),
            c.merged_into_id.is_(None),
            c.created_at < cutoff,
            sa.func.coalesce(c.last_activity_at, c.created_at) < cutoff,
            *(sa.not_(exists) for exists in active),
        ),
        None,
    )


def _of(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    customers = table_named("customers")
    return sa.exists().where(here(table, table.c.customer_id == customers.c.id, *conditions)).correlate(customers)


def _old(rules: RetentionRules, name: str) -> list[Old]:
    """Return the rows that a rule of days takes, the counted ones first."""
    cutoff = database_now() - dt.timedelta(days=getattr(rules, name))
    messages, attempts = table_named("messages"), table_named("attempts")
    still = messages.c.status.in_([status.value for status in OPEN])
    if name == "messages_days":
        empty = {"body": "", "template": sa.null(), "before_done": sa.null()}
        old = sa.and_(sa.not_(still), messages.c.status_at < cutoff, messages.c.body != "")
        of_old = sa.select(messages.c.id).where(here(messages, messages.c.body == ""))
        sent = sa.and_(attempts.c.message_id.in_(of_old), attempts.c.body != "")
        return [Old("messages", old, empty), Old("attempts", sent, {"body": ""})]
    if name == "inbound_days":
        texts = table_named("inbound_messages")
        waits = sa.and_(texts.c.effect == "ask", texts.c.answer == "")
        return [Old("inbound_messages", sa.and_(texts.c.received_at < cutoff, sa.not_(waits)), None)]
    if name == "imports_days":
        imports = table_named("imports")
        return [Old("imports", sa.and_(imports.c.created_at < cutoff, imports.c.state.in_(OVER)), None)]
    open_ones = sa.select(messages.c.id).where(here(messages, still))
    old = sa.and_(attempts.c.started_at < cutoff, attempts.c.recipient != "", attempts.c.message_id.not_in(open_ones))
    return [Old("attempts", old, {"recipient": "", "body": "", "detail": ""})]


def _count(old: Old) -> int:
    table = table_named(old.table)
    counted = sa.select(sa.func.count()).select_from(table).where(here(table, old.condition))
    return db.session.connection().execute(counted).scalar_one()


def _take(old: Old) -> bool:
    table = table_named(old.table)
    key = tables.key_of(table)
    with transaction() as session:
        chosen = sa.select(key).where(here(table, old.condition)).order_by(key).limit(BATCH)
        ids = list(session.connection().execute(chosen).scalars())
        if old.values is None:
            if "file_key" in table.c:
                keys = [row["file_key"] for row in tables.rows_of(table, ids) if row["file_key"]]
                after_commit(functools.partial(discard, keys))
            tables.delete(table, ids)
        else:
            tables.update(table, ids, old.values)
    return len(ids) == BATCH
