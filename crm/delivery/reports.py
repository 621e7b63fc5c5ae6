"""Reports of providers: stored, then applied; in any order, repeated, early or days late.

A report may come before the answer of its call. It then ends the worker's claim, and the answer changes nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import IntegrityError

from crm.accounts.models import Organization
from crm.delivery import later, soft_bounces
from crm.delivery.batch import Batch
from crm.delivery.models import Report
from crm.delivery.report_meanings import ReportMeaning, in_our_words
from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.kernel.work.lease import Lease
from crm.messages import sent_ledger
from crm.messages.bookkeeping import KIND as MESSAGE
from crm.messages.bookkeeping import hasten_held, lock_customers, look_at, refresh_next, tell
from crm.messages.channels.base import Addresses, Channel
from crm.messages.channels.emails import EMAILS
from crm.messages.models import Attempt, Message
from crm.messages.rules import WAITS, Status
from crm.messages.signals import marketing_put_off
from crm.messages.status_order import ARRIVED, GOOD, moves
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs import services
from crm.providers.base import Reported
from crm.values.language import N_
from crm.values.stored import stored

KIND = "report"
BATCH = 200
SOON = dt.timedelta(seconds=5)
"""The time a request has to apply its report, before the worker does."""

PUT_OFF = dt.timedelta(seconds=60)

COMPLAINED = stored(N_("reported a message as spam, and gets no more marketing"))

log = logging.getLogger(__name__)


def take(organization_id: int, reported: Iterable[Reported]) -> None:
    """Store reports, then apply them; if that fails, the worker does."""
    with use_organization(organization_id):
        ids = _store(list(reported))
        try:
            apply(ids)
        except Exception:
            log.exception("organization %d: reports %s wait for the worker", organization_id, ids)


def apply_due(organization_id: int) -> int:
    with use_organization(organization_id):
        ids = Lease.take(KIND, PUT_OFF, BATCH).ids
        try:
            apply(ids)
        except Exception:
            log.exception("organization %d: %d reports are applied one by one", organization_id, len(ids))
            for id_ in ids:
                _apply_alone(id_)
        return len(ids)


def apply(report_ids: Sequence[int]) -> None:
    """Apply stored reports, each once."""
    if not report_ids:
        return
    opted_out: set[tuple[str, Addresses]] = set()
    withdrawn: dict[tuple[str, Channel], str] = {}
    complaints: list[Incoming] = []
    opened = False
    with transaction():
        due.lock(KIND, report_ids)
        reports = db.session.scalars(
            sa.select(Report).where(Report.id.in_(report_ids), Report.applied_at.is_(None)).order_by(Report.id)
        ).all()
        attempts = _attempts({report.attempt_id for report in reports})
        messages = _locked_messages({attempt.message_id for attempt in attempts.values()})
        last = _last_attempts(messages)
        batch = Batch()
        for report in reports:
            attempt = attempts[report.attempt_id]
            message = messages[attempt.message_id]
            meaning = in_our_words(attempt.gateway, report.word, report.error_code)
            if meaning is not None:
                _take(report, meaning, attempt, message, batch, is_last=last[message.id] == attempt.id)
                opened |= says_it_works(meaning.status, attempt.channel, attempt.started_at, batch)
                if meaning.opted_out is Purpose.MARKETING:
                    withdrawn[attempt.recipient, attempt.channel] = meaning.reason
                if meaning.closing and meaning.closing.source is OptOutSource.COMPLAINT:
                    complaints.append(_complaint(attempt))
                if _closes(meaning, message, attempt):
                    opted_out.add((attempt.recipient, attempt.channel.addresses))
            report.applied_at = batch.now
        look_at(batch.looks)
        refresh_next({messages[id_].customer_id for id_ in batch.looks})
        due.settle(KIND, report_ids)
        told = inbound.store(complaints)
        put_off = [row.id for row in messages.values() if row.is_marketing and row.status is Status.RETRY_WAIT]
    services.stop_pending(opted_out)
    for id_ in told:
        inbound.apply_patiently(id_)
    if put_off:
        marketing_put_off.send(put_off)
    for (recipient, channel), reason in withdrawn.items():
        services.withdraw_marketing(recipient, channel, reason)
    if opened:
        with transaction():
            hasten_held()


def _closes(meaning: ReportMeaning, message: Message, attempt: Attempt) -> bool:
    """Put the address on the list of opt-outs if the report says so; return whether it did."""
    address = attempt.recipient, attempt.channel.addresses
    is_out = meaning.opted_out is not None and meaning.opted_out is not Purpose.MARKETING
    if is_out:
        services.note_down(*address, OptOutSource.PROVIDER, meaning.reason)
    if meaning.closing:
        services.note_down(*address, meaning.closing.source, meaning.reason, meaning.closing.purpose)
        return True
    is_full = attempt.channel.addresses is EMAILS and _look_at_mailbox(meaning, message, attempt)
    return is_out or is_full


def says_it_works(status: Status, channel: Channel, began: dt.datetime, batch: Batch) -> bool:
    """Release a sender that was refused in reports, if a later call proves that it works.

    "Sent" may still be refused by the customer's network; then another message may try soon.
    """
    if status in ARRIVED or (status is Status.SENT and channel.sent_proves_sender):
        return batch.accept_sender(channel, reported=began)
    if status is Status.SENT:
        batch.probe_soon(channel)
    return False


def _store(reported: Sequence[Reported]) -> list[int]:
    """Store new reports; return the ids of all that are still to be applied."""
    ids = []
    with transaction() as session:
        for one in reported:
            found = sa.select(Report).where(Report.attempt_id == one.attempt_id, Report.key == one.key)
            row = session.scalars(found).one_or_none()
            if row is None:
                row = _new(one)
                try:
                    with session.begin_nested():
                        session.add(row)
                except IntegrityError:
                    # It came twice at once, or the attempt was deleted with its customer in the meantime.
                    continue
            if row.applied_at is None:
                ids.append(row.id)
        due.put_off(KIND, ids, database_now() + SOON)
    return ids


def _new(one: Reported) -> Report:
    return Report(
        attempt_id=one.attempt_id,
        key=one.key,
        word=one.word[:40],
        provider_id=one.provider_id[:100],
        error_code=one.error_code[:40] if one.error_code else None,
        said_at=one.said_at,
    )


def _apply_alone(report_id: int) -> None:
    try:
        apply([report_id])
    except Exception:
        log.exception("report %d can't be applied, it is tried again later", report_id)


def _attempts(ids: Iterable[int]) -> dict[int, Attempt]:
    return {row.id: row for row in db.session.scalars(sa.select(Attempt).where(Attempt.id.in_(list(ids))))}


def _locked_messages(ids: Iterable[int]) -> dict[int, Message]:
    wanted = sorted(ids)
    due.lock(MESSAGE, wanted)
    statement = sa.select(Message).where(Message.id.in_(wanted)).order_by(Message.id)
    messages = {row.id: row for row in db.session.scalars(locked(statement))}
    lock_customers(message.customer_id for message in messages.values())
    return messages


def _last_attempts(messages: Mapping[int, Message]) -> dict[int, int]:
    rows = db.session.execute(
        sa.select(Attempt.message_id, sa.func.max(Attempt.id).label("last"))
        .where(Attempt.message_id.in_(list(messages)))
        .group_by(Attempt.message_id)
    )
    return {row.message_id: row.last for row in rows}


def _take(
    report: Report, meaning: ReportMeaning, attempt: Attempt, message: Message, batch: Batch, *, is_last: bool
) -> None:
    _note_attempt(attempt, report, meaning)
    if meaning.is_for_now and _put_off(message, attempt, report, meaning, batch, is_last=is_last):
        return
    if meaning.refused and _sends_by(batch.organization, attempt):
        _hold(message, attempt, meaning, batch, is_last=is_last)
    elif _move(message, report, meaning, batch.now, is_last=is_last):
        batch.looks[message.id] = _next_look(message, batch.now)


def _note_attempt(attempt: Attempt, report: Report, meaning: ReportMeaning) -> None:
    if attempt.provider_id is None:
        attempt.provider_id = report.provider_id
    if meaning.status not in GOOD and report.error_code:
        attempt.error_code = report.error_code


def _move(message: Message, report: Report, meaning: ReportMeaning, now: dt.datetime, *, is_last: bool) -> bool:
    """Move the message forward; arrival times are kept even if the status stays."""
    at = min(report.said_at or report.received_at, report.received_at)
    if meaning.status in ARRIVED:
        message.delivered_at = min(message.delivered_at or at, at)
    if meaning.status is Status.READ:
        message.read_at = min(message.read_at or at, at)
    if not moves(message.status, meaning.status, is_last=is_last):
        return False
    message.turn(meaning.status, now, meaning.reason)
    if meaning.status in GOOD and message.handed_over_at is None:
        message.handed_over_at = now
    tell(f"message.{meaning.status}", message)
    return True


def _look_at_mailbox(meaning: ReportMeaning, message: Message, attempt: Attempt) -> bool:
    """Opt an address out whose mail comes back too often; let one back to which mail arrives."""
    if meaning.status is Status.DELIVERED:
        services.lift_soft(attempt.recipient, EMAILS)
    if message.status is not Status.UNDELIVERED or not soft_bounces.are_too_many(message, attempt.recipient):
        return False
    services.note_down(attempt.recipient, EMAILS, OptOutSource.SOFT_BOUNCE)
    return True


def _hold(message: Message, attempt: Attempt, meaning: ReportMeaning, batch: Batch, *, is_last: bool) -> None:
    """Hold a message that was accepted and then refused with its account: it was certainly not sent."""
    if not moves(message.status, meaning.status, is_last=is_last):
        return
    reason = WAITS.english(sentence=meaning.reason)
    look = batch.refuse_sender(attempt.channel, attempt.gateway, reason, by_report=True)
    message.turn(Status.HELD, batch.now, reason)
    message.handed_over_at = None
    tell("message.held", message)
    batch.looks[message.id] = look


def _complaint(attempt: Attempt) -> Incoming:
    """Return what stands in the inbox of a message that its reader reported as spam; one for each message."""
    return Incoming(
        gateway=attempt.gateway,
        provider_id=f"complaint {attempt.message_id} {attempt.provider_id or ''}",
        channel=attempt.channel,
        sender=attempt.recipient,
        recipient="",
        body="",
        what=COMPLAINED.english(),
        opens_window=False,
    )


def _put_off(
    message: Message, attempt: Attempt, report: Report, meaning: ReportMeaning, batch: Batch, *, is_last: bool
) -> bool:
    """Let a message that was accepted and not delivered wait for another time; False if there is none."""
    if not moves(message.status, meaning.status, is_last=is_last):
        return False
    db.session.flush()
    look = later.next_time(message, attempt.gateway, report.error_code, batch.now)
    if look is None:
        return False
    later.put_off(message, meaning.reason, look, batch.organization.time_zone, batch.now)
    sent_ledger.forget([message.uid])
    tell(f"message.{message.status}", message)
    batch.looks[message.id] = look
    return True


def _sends_by(organization: Organization, attempt: Attempt) -> bool:
    return attempt.channel.gateway_name(organization) == attempt.gateway


def _next_look(message: Message, now: dt.datetime) -> dt.datetime | None:
    if message.status is not Status.ACCEPTED:
        return None
    return now + dt.timedelta(seconds=current_app.config["MESSAGE_NO_REPORT_AFTER"])
