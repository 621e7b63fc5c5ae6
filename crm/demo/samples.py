"""Sample customers of a real organization, to try things with and to remove again.

Nothing is ever sent to them: they allow neither SMS nor WhatsApp, and their numbers are those that numbering plans give
as examples. Whoever was changed, or has rows of their own, stays when the samples are removed. Travel agencies get
leads and bookings of some of them, too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization, locked_organization
from crm.accounts.rules import Trade
from crm.customers.models import Customer
from crm.demo import cleaner, generator, loader, sample_trips
from crm.demo.models import DemoRange
from crm.demo.rows import CustomerRow, MessageRow
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.loyalty.models import PointsEntry
from crm.values import clock
from crm.values.language import gettext as _

SAMPLE = "sample"
SAMPLES = "samples"
"""The organization's word for having some."""

COUNT = 12
OF_THE_SAMPLE = {"customer.created", "points.changed", "message.scheduled", "message.reminder", *sample_trips.ACTIONS}
TRIED_OUT = {"message.done", "message.undone", "follow_up.done", "follow_up.undone"}
"""What people do with a sample's reminders is no reason to keep the sample."""

WITH_EVENTS = ("messages", "leads", "booking_persons")
"""Tables with rows of the sample: whatever else is done with them is an event."""


class Kept(NamedTuple):
    id: int
    name: str


class Removed(NamedTuple):
    number: int
    kept: list[Kept]


def load() -> int:
    """Add the sample customers to the current organization unless it has some; return how many."""
    with transaction():
        locked_organization().take_first_step(SAMPLES)
        if loader.count(SAMPLE):
            return 0
        number = loader.load(SAMPLE, _rows())
        if current_organization().trade is Trade.TRAVEL:
            sample_trips.add(_ids())
        return number


def plan() -> Removed:
    """Return how many sample customers `remove` would remove, and whom it would keep."""
    ids = _ids()
    kept = [Kept(row.id, row.name) for row in db.session.execute(_touched(ids))]
    return Removed(len(ids) - len(kept), kept)


def remove() -> Removed:
    """Remove the sample customers whom nobody touched; the others are ordinary customers from then on."""
    with transaction() as session:
        locked_organization().undo_first_step(SAMPLES)
        found = plan()
        cleaner.delete_customers(set(_ids()) - {row.id for row in found.kept})
        session.execute(sa.delete(DemoRange).where(DemoRange.kind == SAMPLE))
        return found


def is_own(column: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a customer's id is none of the sample's."""
    within = column.between(DemoRange.first_id, DemoRange.last_id)
    return ~sa.exists(sa.select(DemoRange.id).where(DemoRange.kind == SAMPLE, within))


def _ids() -> list[int]:
    within = sa.and_(DemoRange.kind == SAMPLE, Customer.id.between(DemoRange.first_id, DemoRange.last_id))
    return list(db.session.scalars(sa.select(Customer.id).join(DemoRange, within).order_by(Customer.id)))


def _touched(ids: list[int]) -> Any:
    untouched = sa.or_(Event.action.in_(TRIED_OUT), sa.and_(Event.actor_id.is_(None), Event.action.in_(OF_THE_SAMPLE)))
    changed = sa.select(Event.customer_id).where(Event.customer_id.in_(ids), sa.not_(untouched))
    with_rows = [sa.select(column).where(column.in_(ids)) for column in _own_rows()]
    entry = PointsEntry.customer_id
    with_points = sa.select(entry).where(entry.in_(ids), sa.not_(PointsEntry.key.startswith(loader.POINTS_KEY)))
    found = sa.or_(*(Customer.id.in_(which) for which in (changed, with_points, *with_rows)))
    return sa.select(Customer.id, Customer.name).where(Customer.id.in_(ids), found).order_by(Customer.name_key)


def _own_rows() -> Iterator[Any]:
    """Yield the column that points to a customer, of each table that the sample has no rows of."""
    mappers = {mapper.class_.__tablename__: mapper.class_ for mapper in Customer.registry.mappers}
    for name in catalog().customer_rows:
        model = mappers[name]
        if name not in (*WITH_EVENTS, PointsEntry.__tablename__) and hasattr(model, "customer_id"):
            yield model.customer_id


def _rows() -> Iterator[CustomerRow]:
    organization, now = current_organization(), clock.utcnow()
    texts = [
        _("Hello! Your order is ready. We look forward to seeing you."),
        _("Hello! Thank you for your visit. How was everything?"),
        _("Good morning! We have something new for you this week."),
    ]
    people = generator.customers(organization.phone_region, 0, COUNT)
    for index, row in enumerate(people):
        row.phone = generator.example_number(organization.phone_region, 10 + index)
        row.is_active, row.notes = True, _("A sample to try things with.")
        row.sms_allowed = row.whatsapp_allowed = row.email_allowed = False
        row.created_at = now - dt.timedelta(days=5 * (COUNT - index), minutes=37 * index)
        if index < len(texts):
            at = now - dt.timedelta(hours=1 + 20 * index)
            row.messages = [MessageRow("whatsapp", texts[index], at, status="reminder")]
        yield row
