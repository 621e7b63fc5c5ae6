"""Outcomes of test messages, which belong to no message: an owner reads them where they sent them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from crm.delivery.batch import Batch
from crm.delivery.report_meanings import in_our_words
from crm.delivery.reports import says_it_works
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization, use_organization
from crm.messages.bookkeeping import hasten_held
from crm.messages.channels.base import Channel
from crm.messages.rules import WAITS, Status
from crm.messages.status_order import ORDER
from crm.providers.base import Answer, Outcome, Reported
from crm.senders.models import SenderTest

KEPT = dt.timedelta(days=7)
"""How long reports of a test are accepted."""

STATUSES = {Answer.ACCEPTED: Status.ACCEPTED, Answer.UNKNOWN: Status.UNKNOWN}


def start(channel: Channel, gateway: str) -> int:
    """Record a test message; its id travels with it."""
    with transaction() as session:
        now = database_now()
        mine = SenderTest.organization_id == require_organization()
        session.execute(sa.delete(SenderTest).where(mine, SenderTest.started_at < now - KEPT))
        test = SenderTest(organization_id=require_organization(), channel=channel, gateway=gateway)
        session.add(test)
        session.flush()
        return test.id


def finish(id_: int, outcome: Outcome) -> None:
    """Record the gateway's answer, unless a report was faster."""
    test = db.session.scalars(locked(sa.select(SenderTest).where(SenderTest.id == id_))).one_or_none()
    if test is not None and test.status is Status.SUBMITTING:
        test.status = STATUSES.get(outcome.answer, Status.FAILED)
        test.reason = outcome.sentence[:300]


def owners(ids: Iterable[int]) -> dict[int, int]:
    """Return the organizations of existing tests, by id."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = db.session.scalars(sa.select(SenderTest).where(one_of(SenderTest.id, wanted)))
    return {row.id: row.organization_id for row in rows}


def take_reports(organization_id: int, reports: Iterable[Reported]) -> None:
    """Record reports of tests; a refused account holds the sender."""
    for one in reports:
        with use_organization(organization_id):
            if _take(one):
                with transaction():
                    hasten_held()


def _take(reported: Reported) -> bool:
    """Record a report; True when a refused sender works again."""
    with transaction() as session:
        mine = sa.select(SenderTest).where(
            SenderTest.id == reported.attempt_id, SenderTest.organization_id == require_organization()
        )
        test = session.scalars(locked(mine)).one_or_none()
        meaning = in_our_words(test.gateway, reported.word, reported.error_code) if test else None
        if test is None or meaning is None or ORDER[meaning.status] <= ORDER[test.status]:
            return False
        changes = {"channel": [None, test.channel], "outcome": [test.status, meaning.status]}
        test.status, test.reason = meaning.status, meaning.reason[:300]
        batch = Batch()
        if meaning.refused:
            batch.refuse_sender(test.channel, test.gateway, WAITS.english(sentence=meaning.reason), by_report=True)
        if meaning.reason:
            record("sender.tested", batch.organization, changes=changes)
        return says_it_works(meaning.status, test.channel, test.started_at, batch)
