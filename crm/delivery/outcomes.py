"""Writing the results of calls to attempts and messages, guarded by the worker's token."""

from __future__ import annotations

import datetime as dt
import logging
import random
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from crm.delivery import later, soft_bounces
from crm.delivery.batch import Batch
from crm.delivery.send_policy import expires_at
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.fail_points import committing
from crm.kernel.queue import stopping
from crm.kernel.tenancy import update_many
from crm.kernel.work import due
from crm.messages import sent_ledger
from crm.messages.bookkeeping import KIND, hasten_held, hold_customers
from crm.messages.channels.base import Addresses
from crm.messages.channels.emails import EMAILS
from crm.messages.models import Attempt, Message
from crm.messages.rules import WAITS, Status, back_off
from crm.messages.sender_ids import learn
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs import services
from crm.providers.base import Answer, Call, Outcome
from crm.providers.registry import gateway_named
from crm.values import clock
from crm.values.language import N_
from crm.values.stored import stored

Result = tuple[Call, Outcome]

FINAL = {Answer.PERMANENT: Status.FAILED, Answer.OPTED_OUT: Status.SUPPRESSED}
PATIENCE = (0.5, 1, 2, 4, 8)
"""Seconds before each retry while the database is away."""

MOST_DOUBLINGS = 8
"""Pauses of a pair of numbers stop growing here: 4^8 seconds are 18 hours."""

NOT_TAKEN = frozenset({Status.RETRY_WAIT, Status.HELD, Status.FAILED, Status.SUPPRESSED})
"""Statuses after a call that certainly sent nothing."""

CHECKING = stored(N_("%(sentence)s Checking whether it was sent."))

log = logging.getLogger(__name__)


def record(results: Sequence[Result], token: str) -> None:
    """Write results of calls made with `token`; a failing one does not stop the others."""
    try:
        _record_patiently(results, token)
    except OperationalError:
        raise
    except Exception:
        if len(results) > 1:
            for result in results:
                record([result], token)
            return
        call, outcome = results[0]
        log.exception("message %d, attempt %d: can't record %s", call.message_id, call.attempt_id, outcome.answer)


def _record_patiently(results: Sequence[Result], token: str) -> None:
    for pause in PATIENCE:
        try:
            return _record(results, token)
        except OperationalError as error:
            log.warning("the database is away, answers of %d calls wait: %s", len(results), error.orig)
            if stopping.wait(pause):
                break
    return _record(results, token)


def _record(results: Sequence[Result], token: str) -> None:
    ids = sorted(call.message_id for call, _ in results)
    with committing("record") as session:
        due.lock(KIND, ids)
        messages = session.scalars(
            locked(
                sa.select(Message)
                .where(one_of(Message.id, ids), Message.claim_token == token, Message.status == Status.SUBMITTING)
                .order_by(Message.id)
            )
        ).all()
        by_id = {message.id: message for message in messages}
        hold_customers(message.customer_id for message in messages)
        batch = Batch()
        # An attempt keeps what the gateway said, even when its message is not ours to change any more.
        answers = [_answer(call, outcome, batch.now) for call, outcome in results]
        update_many(Attempt, [row for row in answers if row["provider_id"]])
        # An answer without the provider's id leaves what a report said before it.
        update_many(Attempt, [_without_id(row) for row in answers if not row["provider_id"]])
        opened = False
        for call, outcome in results:
            opened |= outcome.answer is Answer.ACCEPTED and batch.accept_sender(call.channel)
            message = by_id.get(call.message_id)
            if message is None:
                log.warning(
                    "message %d, attempt %d: answer after the lease, or after a report",
                    call.message_id,
                    call.attempt_id,
                )
                continue
            _apply(message, call, outcome, batch)
        closed = _closed(results, by_id)
        for (address, addresses), (source, sentence) in sorted(closed.items(), key=lambda one: one[0][0]):
            services.note_down(address, addresses, source, sentence)
        sent_ledger.forget([message.uid for message in messages if message.status in NOT_TAKEN])
        batch.finish()
        learn({name: call.to for call, outcome in results for name in outcome.known_as})
    services.stop_pending(closed)
    for call, outcome in results:
        if _is_of_marketing(call, outcome):
            services.withdraw_marketing(call.to, call.channel, outcome.sentence)
    if opened:
        with committing("let go"):
            hasten_held()


def _closed(
    results: Sequence[Result], messages: Mapping[int, Message]
) -> dict[tuple[str, Addresses], tuple[OptOutSource, str]]:
    """Return the addresses that get no more, each with why; what is for good wins over what may pass."""
    found: dict[tuple[str, Addresses], tuple[OptOutSource, str]] = {}
    for call, outcome in results:
        message, address = messages.get(call.message_id), (call.to, call.channel.addresses)
        if (outcome.answer is Answer.OPTED_OUT and not _is_of_marketing(call, outcome)) or outcome.is_dead:
            found[address] = _closed_by(outcome), outcome.sentence
            continue
        is_full = call.channel.addresses is EMAILS and soft_bounces.is_full(outcome.code)
        if message is not None and is_full and soft_bounces.are_too_many(message, call.to):
            found.setdefault(address, (OptOutSource.SOFT_BOUNCE, outcome.sentence))
    return found


def _is_of_marketing(call: Call, outcome: Outcome) -> bool:
    """Whether the customer opted out of marketing by the channel alone."""
    if outcome.answer is not Answer.OPTED_OUT:
        return False
    found = later.meaning_of(call.gateway, outcome.code)
    return found is not None and found.purpose is Purpose.MARKETING


def _closed_by(outcome: Outcome) -> OptOutSource:
    return OptOutSource.BOUNCE if outcome.is_dead else OptOutSource.PROVIDER


def _answer(call: Call, outcome: Outcome, now: dt.datetime) -> dict[str, Any]:
    return {
        "id": call.attempt_id,
        "finished_at": now,
        "outcome": outcome.answer,
        "provider_id": outcome.provider_id,
        "error_code": outcome.code,
        "detail": outcome.sentence[:300],
    }


def _without_id(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "provider_id"}


def _apply(message: Message, call: Call, outcome: Outcome, batch: Batch) -> None:
    if outcome.answer is not Answer.RATE_LIMITED:
        message.attempts_made += 1
    match outcome.answer:
        case Answer.ACCEPTED:
            message.handed_over_at = batch.now
            if gateway_named(call.gateway).reports:
                batch.end(message, Status.ACCEPTED, look=batch.after("MESSAGE_NO_REPORT_AFTER"))
            else:
                batch.end(message, Status.SENT)
        case Answer.NO_CONNECTION | Answer.RATE_LIMITED | Answer.DEFERRED:
            _try_again(message, call, outcome, batch)
        case Answer.REFUSED_SENDER:
            reason = WAITS.english(sentence=outcome.sentence)
            look = batch.refuse_sender(call.channel, call.gateway, reason)
            batch.end(message, Status.HELD, reason, look)
        case Answer.UNKNOWN:
            batch.doubt(message, CHECKING.english(sentence=outcome.sentence))
        case _:
            again_at = later.next_time(message, call.gateway, outcome.code, batch.now)
            if again_at is None:
                batch.end(message, FINAL[outcome.answer], outcome.sentence)
            else:
                batch.put_off(message, outcome.sentence, again_at)


def _try_again(message: Message, call: Call, outcome: Outcome, batch: Batch) -> None:
    pause = _pause(message, call, outcome)
    look = min(batch.now + pause, expires_at(message) + dt.timedelta(seconds=1))
    when = clock.iso(look, clock.zone(batch.organization.time_zone))
    batch.end(message, Status.RETRY_WAIT, later.NEXT_TRY.english(sentence=outcome.sentence, when=when), look)


def _pause(message: Message, call: Call, outcome: Outcome) -> dt.timedelta:
    """Return how long to wait before the next try: what the provider asks for, else longer each time."""
    usual = back_off(max(message.attempts_made, 1), random.random())  # noqa: S311 -- no secret
    if outcome.answer is not Answer.RATE_LIMITED:
        return usual
    asked = dt.timedelta(seconds=outcome.retry_after)
    meaning = later.meaning_of(call.gateway, outcome.code)
    if meaning is None or not meaning.grows:
        return max(usual, asked)
    times = min(later.times_refused(message, outcome.code), MOST_DOUBLINGS)
    return max(dt.timedelta(seconds=meaning.grows**times), asked)
