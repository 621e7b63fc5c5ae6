"""Creating the next message of a series when the earlier one is due."""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.message_templates.queries import filled_for
from crm.messages.bookkeeping import lock_customers, look_at, refresh_next
from crm.messages.models import Message
from crm.series.models import Occurrence, Series
from crm.series.rules import NextOccurrence
from crm.series.services import KIND
from crm.values import clock
from crm.values.language import N_
from crm.values.stored import stored

BATCH = 50
PUT_OFF = dt.timedelta(seconds=60)

SKIPPED_ONE = stored(N_("Skipped 1 earlier message: its time had passed."))
SKIPPED = stored(N_("Skipped %(number)s earlier messages: their time had passed."))

log = logging.getLogger(__name__)


def make_batch(organization_id: int) -> int:
    """Create the next messages of up to BATCH due series; return how many were due."""
    with use_organization(organization_id), transaction() as session:
        ids = due.lock_due(KIND, BATCH)
        rows = session.scalars(locked(sa.select(Series).where(Series.id.in_(ids)).order_by(Series.id))).all()
        customers = lock_customers(series.customer_id for series in rows)
        organization, now = current_organization(), database_now()
        looks: dict[int, dt.datetime | None] = dict.fromkeys(ids)
        for series in rows:
            series_id = series.id
            try:
                with session.begin_nested():
                    looks[series_id] = _go_on(series, customers[series.customer_id], organization, now)
            except Exception:
                log.exception("series %d of organization %d: put off", series_id, organization_id)
                looks[series_id] = now + PUT_OFF
        due.plan(KIND, looks)
        return len(ids)


def _go_on(series: Series, customer: Customer, organization: Organization, now: dt.datetime) -> dt.datetime | None:
    """Create the next message; return when the one after it is due, None at the end.

    Missed occurrences are skipped. Archived customers get none.
    """
    if series.stopped_at is not None:
        return None
    last = db.session.scalars(sa.select(sa.func.max(Occurrence.date)).where(Occurrence.series_id == series.id)).one()
    zone, rule = clock.zone(organization.time_zone), series.rule
    if last is not None:
        its_time = clock.at_or_after(dt.datetime.combine(last, rule.at), zone)
        # The customer is back before it came, or the organization has moved to another zone.
        if its_time > now:
            return its_time
    found = rule.next_after(now, zone)
    if found is None:
        series.stopped_at = now
        record("series.ended", series, customer_id=series.customer_id)
        return None
    if not customer.is_archived:
        missed = rule.count_between(last or rule.starts_on, found.date)
        _make(series, customer, organization, found, missed)
    return found.moment


def _make(series: Series, customer: Customer, organization: Organization, found: NextOccurrence, missed: int) -> None:
    wording = filled_for(series.words, customer, organization)
    message = Message(
        customer_id=series.customer_id,
        channel=series.channel,
        purpose=series.purpose,
        subject=wording.subject,
        body=wording.text,
        template=wording.approved.to_json() if wording.approved else None,
        send_at=found.moment,
        must_arrive=series.must_arrive,
        reason=_left_out(missed),
        created_by_id=series.created_by_id,
    )
    db.session.add(message)
    db.session.flush()
    db.session.add(Occurrence(series_id=series.id, message_id=message.id, date=found.date))
    db.session.flush()
    changes = {
        "channel": [None, message.channel],
        "body": [None, message.body],
        "send_at": [None, message.send_at.isoformat()],
        **({"left_out": [None, missed]} if missed else {}),
    }
    record("message.scheduled", message, customer_id=series.customer_id, changes=changes)
    look_at({message.id: message.send_at})
    refresh_next([series.customer_id])


def _left_out(missed: int) -> str:
    if not missed:
        return ""
    return SKIPPED_ONE.english() if missed == 1 else SKIPPED.english(number=missed)
