"""Resume sending after a restore: nothing that was due before goes out, unless an owner says so."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization, locked_organization
from crm.accounts.services import organization_changed
from crm.kernel import queue
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization, use_organization
from crm.kernel.work import due
from crm.messages import bookkeeping, sent_ledger
from crm.messages.models import Message
from crm.messages.restoring import PAUSED, give_up, let_go, mark_sent
from crm.messages.rules import Status
from crm.series.models import Series
from crm.series.services import KIND as SERIES

KIND = "resume"
BATCH = 200
MOST_TICKED = 500


class What(enum.StrEnum):
    """What happens to the messages that wait.

    from_now: what was due before is not sent. all: that too. cancel: what was held back is canceled. ticked: is sent
    now, whenever it was due.
    """

    FROM_NOW = "from_now"
    ALL = "all"
    CANCEL = "cancel"
    TICKED = "ticked"


def resume(what: What, ticked: Collection[int] = ()) -> bool:
    """Resume sending; False when it isn't paused. The messages of `ticked` are sent although they were due before."""
    with transaction():
        organization = locked_organization()
        if not organization.sending_paused:
            return False
        organization.sending_paused = False
        record("backup.resumed", organization, changes={"what": [None, what]})
        _begin(organization, what)
    if ticked:
        _deal(What.TICKED, sorted(ticked)[:MOST_TICKED])
    go_on(require_organization())
    return True


@organization_changed.connect
def _changed(organization: Organization, changes: dict[str, Any]) -> None:
    """Resume from now on where the setting says so."""
    if changes.get("sending_paused") == [True, False]:
        _begin(organization, What.FROM_NOW)


def _begin(organization: Organization, what: What) -> None:
    """Note what is to be done, in the transaction that ends the pause."""
    now = database_now()
    organization.resuming, organization.resuming_from = what, now
    due.put_off(KIND, [organization.id], now)
    queue.enqueue("crm.backups.jobs.go_on_resuming", organization.id)
    going = sa.select(Series.id).where(Series.stopped_at.is_(None))
    if what is What.CANCEL:
        for series in db.session.scalars(locked(sa.select(Series).where(Series.stopped_at.is_(None)))):
            series.stopped_at = now
    else:
        due.put_off(SERIES, db.session.scalars(going), now)


def go_on(organization_id: int) -> bool:
    """Deal with some messages; True when there are more."""
    with use_organization(organization_id):
        what = current_organization().resuming
        if not what:
            with transaction():
                due.settle(KIND, [organization_id])
            return False
        ids = list(db.session.scalars(_waiting(current_organization()).limit(BATCH)))
        if ids:
            _deal(What(what), ids)
            return True
        with transaction():
            organization = locked_organization()
            organization.resuming, organization.resuming_from = "", None
            due.settle(KIND, [organization_id])
        with transaction():
            bookkeeping.hasten_held()
        return False


def _waiting(organization: Organization) -> sa.Select[int]:
    """Select messages that the pause has held back, or whose time came during it."""
    held = sa.and_(Message.status == Status.HELD, sa.or_(Message.before_restore.is_not(None), Message.reason == PAUSED))
    missed = sa.and_(
        Message.status.in_((Status.SCHEDULED, Status.RETRY_WAIT)), Message.send_at <= organization.resuming_from
    )
    condition = held if organization.resuming == What.ALL else sa.or_(held, missed)
    return sa.select(Message.id).where(condition).order_by(Message.id)


def _deal(what: What, ids: list[int]) -> None:
    with transaction() as session:
        due.lock(bookkeeping.KIND, ids)
        rows = session.scalars(locked(sa.select(Message).where(one_of(Message.id, ids)).order_by(Message.id))).all()
        messages = [row for row in rows if row.status in (Status.HELD, Status.SCHEDULED, Status.RETRY_WAIT)]
        bookkeeping.lock_customers(message.customer_id for message in messages)
        sent, now = sent_ledger.sent_by_others(message.uid for message in messages), database_now()
        as_of = current_organization().resuming_from or now
        if what is What.TICKED:
            for message in messages:
                message.send_at = max(now, as_of + dt.timedelta(milliseconds=1))
        looks = {message.id: _deal_with(message, what, as_of, now, sent.get(message.uid)) for message in messages}
        bookkeeping.look_at(looks)
        bookkeeping.refresh_next(message.customer_id for message in messages)


def _deal_with(
    message: Message, what: What, as_of: dt.datetime, now: dt.datetime, sent_at: dt.datetime | None
) -> dt.datetime | None:
    """Change one message and return when the worker looks at it."""
    look = None
    if sent_at is not None and message.status is Status.HELD:
        mark_sent(message, sent_at, now)
    elif what is What.CANCEL and message.before_restore is not None:
        give_up(message, now)
    else:
        look = let_go(message, as_of, now, missed_too=what in (What.ALL, What.TICKED))
    is_released = message.status in (Status.SCHEDULED, Status.REMINDER)
    bookkeeping.tell("message.released" if is_released else f"message.{message.status}", message)
    return look
