"""Load many customers quickly, with the rows that the services would write.

A batch is one transaction, so an interrupted load leaves whole batches that are known as demo data.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.customers.models import Customer, CustomerSearch
from crm.customers.rules import Tier
from crm.customers.search_text import search_text
from crm.demo.models import DemoRange
from crm.demo.rows import CustomerRow, MessageRow
from crm.kernel.bulk_writer import Bulk
from crm.kernel.columns import new_uid
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.kernel.work.due import DueWork
from crm.loyalty.models import PointsEntry
from crm.loyalty.queries import today_here
from crm.loyalty.rules import Kind, tier_of
from crm.messages.models import Message
from crm.messages.rules import OPEN, Status
from crm.people.contact_fields import sort_key
from crm.values import clock

BATCH_SIZE = 10_000
"""Customers or messages in one transaction: seconds of SQLite's write lock, tens of MB."""

REASON = "Shopping"
POINTS_KEY = "demo:"
"""How the keys of loaded points begin."""

Progress = Callable[[int], None]
_OPEN = frozenset(status.value for status in OPEN)


def load(kind: str, rows: Iterable[CustomerRow], on_progress: Progress = lambda loaded: None) -> int:
    """Add `rows` to the current organization; return how many. `on_progress` gets the sum so far."""
    loaded = 0
    for batch in _batches(rows):
        with transaction():
            _load(kind, batch)
        loaded += len(batch)
        on_progress(loaded)
    return loaded


def count(kind: str) -> int:
    size = sa.func.sum(DemoRange.last_id - DemoRange.first_id + 1)
    return int(db.session.scalar(sa.select(size).where(DemoRange.kind == kind)) or 0)


def refresh_statistics() -> None:
    names = ("customers", "customer_search", "messages", "due_work", "events", "points_entries")
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # VACUUM also sorts what the trigram index has put off, which every search would else read through.
            connection.execute(sa.text(f"VACUUM (ANALYZE) {', '.join(names)}"))
    else:
        with transaction() as session:
            session.connection().execute(sa.text("PRAGMA analysis_limit = 1000"))
            session.connection().execute(sa.text("ANALYZE"))


def _batches(rows: Iterable[CustomerRow]) -> Iterator[list[CustomerRow]]:
    batch: list[CustomerRow] = []
    messages = 0
    for row in rows:
        batch.append(row)
        messages += len(row.messages)
        if len(batch) >= BATCH_SIZE or messages >= 2 * BATCH_SIZE:
            yield batch
            batch, messages = [], 0
    if batch:
        yield batch


def _load(kind: str, rows: list[CustomerRow]) -> None:
    bulk = Bulk(db.session())
    ids = bulk.new_ids(Customer, len(rows))
    _load_customers(bulk, ids, rows)
    _load_points(bulk, [(id_, row.points) for id_, row in zip(ids, rows, strict=True) if row.points])
    _load_messages(bulk, [(id_, message) for id_, row in zip(ids, rows, strict=True) for message in row.messages])
    _mark(kind, ids)


def _load_customers(bulk: Bulk, ids: list[int], rows: list[CustomerRow]) -> None:
    organization, region = require_organization(), current_organization().phone_region
    created = [row.created_at or bulk.now for row in rows]
    fields = {field.name for field in dataclasses.fields(CustomerRow)} - {"created_at", "messages", "points"}
    values: dict[str, Any] = {field: [getattr(row, field) for row in rows] for field in fields}
    values |= {f"{field}_key": list(map(sort_key, values[field])) for field in ("name", "city", "province")}
    points = [row.points for row in rows]
    levels = [tier_of(number) for number in points]
    values |= {"loyalty_points": points, "tier": [tier.value for tier in levels]}
    values["tier_since"] = [today_here() if tier is not Tier.BRONZE else None for tier in levels]
    zone = clock.zone(current_organization().time_zone)
    months = {moment: clock.month_of(moment, zone) for moment in set(created)}
    values["created_month"] = [months[moment] for moment in created]
    values |= {"next_message_at": [_next(row) for row in rows], "created_at": created, "updated_at": created}
    bulk.insert(Customer, len(rows), {"organization_id": organization, "id": ids, **values})
    texts = [search_text(row.name, row.phone, row.phone_valid, region, row.email) for row in rows]
    bulk.insert(CustomerSearch, len(rows), {"organization_id": organization, "customer_id": ids, "text": texts})
    event = {"action": "customer.created", "subject": "customers", "subject_id": ids, "customer_id": ids, "at": created}
    bulk.insert(Event, len(rows), {"organization_id": organization, "changes": {}, **event})


def _load_points(bulk: Bulk, rows: list[tuple[int, int]]) -> None:
    organization, ids = require_organization(), bulk.new_ids(PointsEntry, len(rows))
    customers, points = [customer_id for customer_id, _ in rows], [number for _, number in rows]
    values: dict[str, Any] = {
        "customer_id": customers,
        "asked": points,
        "applied": points,
        "balance": points,
        "reason": REASON,
    }
    values |= {"remaining": points, "counts": points, "counts_on": today_here(), "kind": Kind.MANUAL}
    keys = [f"{POINTS_KEY}{id_}" for id_ in ids]
    bulk.insert(PointsEntry, len(rows), {"organization_id": organization, "id": ids, "key": keys, **values})
    changes = [_points_changes(number) for number in points]
    event = {"action": "points.changed", "subject": "points_entries", "subject_id": ids, "customer_id": customers}
    bulk.insert(Event, len(rows), {"organization_id": organization, "changes": changes, "at": bulk.now, **event})


def _points_changes(points: int) -> dict[str, list[Any]]:
    tier = tier_of(points)
    changed: dict[str, list[Any]] = {}
    if tier is not Tier.BRONZE:
        changed = {"tier": [Tier.BRONZE.value, tier.value], "tier_since": [None, today_here().isoformat()]}
    given = {"asked": points, "applied": points, "reason": REASON, "source": "Manual"}
    return {"loyalty_points": [0, points], **changed, **{field: [None, value] for field, value in given.items()}}


def _load_messages(bulk: Bulk, rows: list[tuple[int, MessageRow]]) -> None:
    organization = require_organization()
    ids, customers = bulk.new_ids(Message, len(rows)), [customer_id for customer_id, _ in rows]
    messages = [message for _, message in rows]
    created = [min(bulk.now, message.send_at) for message in messages]
    fields = [field.name for field in dataclasses.fields(MessageRow)]
    values: dict[str, Any] = {field: [getattr(message, field) for message in messages] for field in fields}
    values |= {"created_at": created, "updated_at": created, "uid": [new_uid() for _ in rows]}
    values["status_at"] = [m.handed_over_at or at for m, at in zip(messages, created, strict=True)]
    bulk.insert(Message, len(rows), {"organization_id": organization, "id": ids, "customer_id": customers, **values})
    waiting = [(id_, m.send_at) for id_, m in zip(ids, messages, strict=True) if m.status == Status.SCHEDULED]
    due = {"subject_id": [id_ for id_, _ in waiting], "due_at": [moment for _, moment in waiting]}
    bulk.insert(DueWork, len(waiting), {"organization_id": organization, "kind": "message", **due})
    changes = [
        {"channel": [None, m.channel], "body": [None, m.body], "send_at": [None, m.send_at.isoformat()]}
        for m in messages
    ]
    event = {"action": "message.scheduled", "subject": "messages", "subject_id": ids, "customer_id": customers}
    bulk.insert(Event, len(rows), {"organization_id": organization, "changes": changes, "at": created, **event})
    changed = [
        (id_, customer_id, m) for id_, (customer_id, m) in zip(ids, rows, strict=True) if m.status != "scheduled"
    ]
    event = {
        "action": [f"message.{m.status}" for _, _, m in changed],
        "subject_id": [id_ for id_, _, _ in changed],
        "customer_id": [customer_id for _, customer_id, _ in changed],
        "changes": [{"status": ["scheduled", m.status]} for _, _, m in changed],
        "at": [m.handed_over_at or min(bulk.now, m.send_at) for _, _, m in changed],
    }
    bulk.insert(Event, len(changed), {"organization_id": organization, "subject": "messages", **event})


def _next(row: CustomerRow) -> object:
    return min((message.send_at for message in row.messages if message.status in _OPEN), default=None)


def _mark(kind: str, ids: list[int]) -> None:
    last = db.session.scalar(sa.select(DemoRange).where(DemoRange.kind == kind).order_by(DemoRange.id.desc()).limit(1))
    for id_ in ids:
        if last is not None and last.last_id == id_ - 1:
            last.last_id = id_
        else:
            last = DemoRange(kind=kind, first_id=id_, last_id=id_)
            db.session.add(last)
