"""Changes of automations, and their turns: each is due once a day, and goes on by batches where it stopped."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.automations import occasions, queries
from crm.automations.granting import give
from crm.automations.models import Automation
from crm.automations.rules import Occasion
from crm.customers.models import Customer
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import as_nobody, current_actor, use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.values import clock

KIND = "automation"
LEASE = dt.timedelta(minutes=10)

log = logging.getLogger(__name__)


def add(values: dict[str, Any], key: RequestKey | None = None) -> Automation:
    """Add an automation, which begins at once; raises KeyReusedError."""
    with transaction() as session:
        once = Once(key)
        if once.earlier is not None:
            return once.found(Automation)
        automation = Automation(**values, created_by_id=current_actor())
        session.add(automation)
        session.flush()
        once.made(automation.id)
        record("automation.added", automation, changes={"occasion": [None, automation.occasion.value]})
        _plan(automation)
        return automation


def edit(automation_id: int, values: dict[str, Any]) -> Automation:
    """Change an automation; with other days or another occasion it begins anew, today."""
    with transaction():
        automation = _lock(automation_id)
        for name, value in values.items():
            setattr(automation, name, value)
        changes = changes_of(automation)
        if changes:
            automation.updated_at = db_now()
            if changes.keys() & {"occasion", "days"}:
                automation.ran_on, automation.cursor = None, 0
            record("automation.edited", automation, changes=changes)
            _plan(automation)
        return automation


def stop(automation_id: int) -> Automation:
    return _turn(automation_id, "automation.stopped", Automation.stop)


def resume(automation_id: int) -> Automation:
    return _turn(automation_id, "automation.resumed", Automation.resume)


def go_on_in(organization_id: int) -> bool:
    """Do the next batch of a due automation; True when there was one."""
    with use_organization(organization_id):
        lease = Lease.take(KIND, LEASE)
        for automation_id in lease.ids:
            next_at = _do_batch(automation_id)
            with transaction():
                if lease.lock_held():
                    due.plan(KIND, {automation_id: next_at})
        return bool(lease.ids)


def give_for_event(customer: Customer, kind: Occasion, occasion: str, matches: Any) -> None:
    """Give what comes with something that a locked customer did, in the transaction of it; nobody's own doing."""
    found = [automation for automation in queries.running(kind) if matches(automation)]
    if found:
        day = queries.today_here()
        with as_nobody():
            for automation in found:
                try:
                    with db.session.begin_nested():
                        give(automation, customer.id, occasion, day)
                except Exception:
                    # What a customer does goes on, whatever becomes of a gift.
                    log.exception("automation %d: customer %d is left out", automation.id, customer.id)


def _do_batch(automation_id: int) -> dt.datetime | None:
    """Give to the next customers, and return when to go on; None for never."""
    automation = db.session.get(Automation, automation_id)
    if automation is None or automation.is_stopped or not automation.occasion.is_daily:
        return None
    zone = clock.zone(current_organization().time_zone)
    today = clock.to_local(clock.utcnow(), zone).date()
    tomorrow = clock.at_or_after(dt.datetime.combine(today + dt.timedelta(days=1), dt.time()), zone)
    if automation.ran_on is not None and automation.ran_on >= today:
        return tomorrow
    found = occasions.find(automation, occasions.span_of(automation, today, zone))
    for customer_id, occasion in found.occasions:
        try:
            give(db.session.get_one(Automation, automation_id), customer_id, occasion, today)
        except Exception:
            # One customer whom something is wrong with keeps nothing from the others.
            log.exception("automation %d: customer %d is left out", automation_id, customer_id)
            db.session.rollback()
    with transaction():
        automation = _lock(automation_id)
        automation.cursor = found.last
        if not found.last:
            automation.ran_on = today
    return database_now() if found.last else tomorrow


def _turn(automation_id: int, action: str, verb: Any) -> Automation:
    with transaction():
        automation = _lock(automation_id)
        if verb(automation):
            automation.updated_at = db_now()
            record(action, automation)
            _plan(automation)
        return automation


def _plan(automation: Automation) -> None:
    is_due = automation.occasion.is_daily and not automation.is_stopped
    due.plan(KIND, {automation.id: database_now() if is_due else None})


def _lock(automation_id: int) -> Automation:
    due.lock(KIND, [automation_id])
    return db.session.scalars(locked(sa.select(Automation).where(Automation.id == automation_id))).one()
