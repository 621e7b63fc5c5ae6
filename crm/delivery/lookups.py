"""Questions to providers about calls whose answer was lost.

An answer is stored and applied as a report. No match settles nothing, and a question can be repeated. A message without
an id is searched for only where a match can't be another one: not in an account that organizations share, and not
beside another lost call with the same text and number.
"""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.delivery.reports import take
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.messages.models import Attempt, Message
from crm.providers.accounts import sender_of, shares_account
from crm.providers.base import Answer, Call, Found, Question, Reported
from crm.providers.registry import gateway_named

PATIENCE = 5.0
"""Seconds for all answers together."""

AROUND = dt.timedelta(minutes=15)
"""Attempts within it may be mistaken for each other."""

CERTAIN = frozenset(
    {Answer.NO_CONNECTION, Answer.RATE_LIMITED, Answer.DEFERRED, Answer.PERMANENT, Answer.REFUSED_SENDER}
)
"""Outcomes after which the provider has no message."""

log = logging.getLogger(__name__)


def ask_about(message_ids: Sequence[int]) -> None:
    questions = _questions(message_ids) if message_ids else []
    db.session.rollback()  # no transaction stays open while providers take their time
    if questions:
        take(require_organization(), _answers(questions))


def _questions(message_ids: Sequence[int]) -> list[Question]:
    organization = current_organization()
    last = (
        sa.select(sa.func.max(Attempt.id)).where(one_of(Attempt.message_id, message_ids)).group_by(Attempt.message_id)
    )
    attempts = db.session.scalars(sa.select(Attempt).where(Attempt.id.in_(last))).all()
    messages = {row.id: row for row in db.session.scalars(sa.select(Message).where(one_of(Message.id, message_ids)))}
    ways = {(attempt.gateway, attempt.channel) for attempt in attempts}
    senders = {way: sender_of(organization, *way) for way in ways}
    shared = {gateway for gateway, _ in ways if shares_account(gateway)}
    asked = []
    for attempt in attempts:
        others = _others(attempt) if attempt.provider_id is None else []
        if attempt.provider_id is None and (attempt.gateway in shared or _could_be_mistaken(attempt, others)):
            continue
        call = Call(
            attempt_id=attempt.id,
            message_id=attempt.message_id,
            gateway=attempt.gateway,
            channel=attempt.channel,
            to=attempt.recipient,
            body=attempt.body,
            subject=messages[attempt.message_id].subject,
            is_automatic=messages[attempt.message_id].created_by_id is None,
            template=messages[attempt.message_id].approved,
            sender=senders[attempt.gateway, attempt.channel],
        )
        taken = frozenset(other.provider_id for other in others if other.provider_id)
        asked.append(Question(call, attempt.provider_id, attempt.started_at, taken))
    return asked


def _others(attempt: Attempt) -> Sequence[Attempt]:
    """Return attempts of that time to the same address."""
    own = sa.select(Message.customer_id).where(Message.id == attempt.message_id)
    customer_ids = {*db.session.scalars(own), *attempt.channel.addresses.owners(attempt.recipient)}
    return db.session.scalars(
        sa.select(Attempt)
        .join(Message, Message.id == Attempt.message_id)
        .where(
            one_of(Message.customer_id, customer_ids),
            Attempt.recipient == attempt.recipient,
            Attempt.started_at.between(attempt.started_at - AROUND, attempt.started_at + AROUND),
            Attempt.id != attempt.id,
        )
    ).all()


def _could_be_mistaken(attempt: Attempt, others: Iterable[Attempt]) -> bool:
    return any(
        other.body == attempt.body and other.provider_id is None and other.outcome not in CERTAIN for other in others
    )


def _answers(questions: Sequence[Question]) -> list[Reported]:
    reports = []
    waiting = {_threads.submit(_look_up, question): question for question in questions}
    done, late = concurrent.futures.wait(waiting, PATIENCE)
    for future in late:
        future.cancel()
    for future in done:
        found = future.result()
        if found is not None:
            reports.append(Reported(waiting[future].call.attempt_id, found.word, found.provider_id, found.code))
    return reports


def _look_up(question: Question) -> Found | None:
    try:
        return gateway_named(question.call.gateway).look_up(question)
    except Exception:
        log.exception("attempt %d: %s can't be asked", question.call.attempt_id, question.call.gateway)
        return None


_threads = ThreadPoolExecutor(16, thread_name_prefix="question")
