"""From a due row to the call of its gateway: claim, check, call, record.

`_claim` takes due messages under a token and a lease and asks the send policy about each (`Batch.judge`). `_send` hands
them over, some at a time: `_submit` asks the policy again and marks them `submitting`, `Calls` calls the gateways in
threads, and `outcomes.record` writes the results. Reports that come later are in `reports`, questions about lost
answers in `lookups`; `crm.messages.states` is the table of statuses, drawn in docs/delivery.md.

The database is the truth and its clock the only one. Every write after the claim asks for the token, so a worker that
slept past its lease changes nothing. `submitting` is committed before the call, without a transaction during it: a
crash leaves a message that may have gone out, and such a message is never sent again by itself.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import current_app

from crm.accounts.queries import current_organization
from crm.consents.footers import link_to_unsubscribe, with_footer
from crm.delivery.batch import Batch
from crm.delivery.calls import LONGEST_CALL, Calls, uptime
from crm.delivery.lookups import ask_about
from crm.delivery.outcomes import record
from crm.delivery.recipients import keep_recipients
from crm.delivery.send_policy import Go
from crm.kernel.columns import one_of
from crm.kernel.db import locked
from crm.kernel.extensions import db
from crm.kernel.fail_points import committing
from crm.kernel.queue import stopping
from crm.kernel.tenancy import insert_many, require_organization, use_organization
from crm.kernel.work import due
from crm.messages import sent_ledger
from crm.messages.bookkeeping import KIND, lock_customers, look_at
from crm.messages.models import Attempt, Message
from crm.messages.restoring import SENT_SINCE, said
from crm.messages.rules import BEING_SENT, Status
from crm.messages.states import DUE
from crm.providers.accounts import sender_of
from crm.providers.base import Call
from crm.providers.registry import gateway_named, max_calls
from crm.values.language import ENGLISH, N_, speaking

MAX_BATCH = 256
"""Due messages per claim."""

WORKER_STOPPED = N_("The worker stopped while sending it. Checking whether it was sent.")
NO_REPORT = N_("The provider accepted it but never confirmed delivery.")
ONCE_MORE = N_("We can't tell whether it arrived, so it is sent once more, as you asked.")
UNCONFIRMED = N_("We can't tell whether it arrived.")

PUT_OFF = dt.timedelta(seconds=60)

log = logging.getLogger(__name__)


@dataclass
class Claim:
    """The messages that one worker claimed.

    Those in `probes` try a refused sender; the provider is asked about those in `doubts`.
    """

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    ids: list[int] = field(default_factory=list)
    probes: set[int] = field(default_factory=set)
    doubts: list[int] = field(default_factory=list)

    def take(self, count: int) -> list[int]:
        taken, self.ids = self.ids[:count], self.ids[count:]
        return taken


def deliver_batch(organization_id: int, limit: int = MAX_BATCH, seconds: float = math.inf) -> int:
    """Deliver up to `limit` due messages of an organization; return how many were due.

    No call starts after `seconds`, and running ones end within a provider's timeout.
    """
    with use_organization(organization_id), speaking(ENGLISH):
        claim = Claim()
        looked_at = _claim(claim, limit)
        if claim.ids:
            _send(claim, seconds)
        ask_about(claim.doubts)
        return looked_at


def _claim(claim: Claim, limit: int) -> int:
    with committing("claim") as session:
        ids = due.lock_due(KIND, limit)
        if not ids:
            return 0
        messages = session.scalars(locked(sa.select(Message).where(one_of(Message.id, ids)).order_by(Message.id))).all()
        batch = Batch(lock_customers(message.customer_id for message in messages), messages)
        batch.looks = dict.fromkeys(ids)
        taken = []
        for message in messages:
            try:
                if _look(message, batch, claim):
                    taken.append(message)
            except Exception:
                log.exception("message %d of organization %d: put off", message.id, message.organization_id)
                batch.looks[message.id] = batch.now + PUT_OFF
        batch.lend(taken, Status.CLAIMED, claim.token)
        batch.finish()
        claim.ids = [message.id for message in taken]
        return len(ids)


def _look(message: Message, batch: Batch, claim: Claim) -> bool:
    """Handle one due message; True if it is to be sent."""
    now, status = batch.now, message.status
    if status in BEING_SENT and message.lease_until is not None and message.lease_until > now:
        batch.looks[message.id] = message.lease_until
    elif status is Status.SUBMITTING:
        reason = WORKER_STOPPED
        batch.doubt(message, reason)
    elif status is Status.UNKNOWN:
        _settle_doubt(message, batch, claim)
    elif status is Status.ACCEPTED:
        batch.end(message, Status.NO_REPORT, NO_REPORT)
    elif status in DUE:
        return _may_go(message, batch, claim)
    return False


def _settle_doubt(message: Message, batch: Batch, claim: Claim) -> None:
    """Ask the provider again; after the deadline ask a person, or resend what must arrive."""
    limit = dt.timedelta(seconds=current_app.config["MESSAGE_UNCONFIRMED_AFTER"])
    deadline = message.status_at + limit
    if batch.now < deadline:
        batch.looks[message.id] = batch.next_question(deadline)
        claim.doubts.append(message.id)
    elif message.must_arrive and not message.sent_again:
        message.sent_again = True
        batch.end(message, Status.RETRY_WAIT, ONCE_MORE, batch.now)
    else:
        batch.end(message, Status.UNCONFIRMED, UNCONFIRMED)


def _may_go(message: Message, batch: Batch, claim: Claim) -> bool:
    if message.send_at > batch.now:
        batch.looks[message.id] = message.send_at
        return False
    was_blocked = message.channel in batch.blocked
    decision = batch.judge(message)
    if not isinstance(decision, Go) or decision.gateway.by_hand:
        batch.carry_out(message, decision)
        return False
    if was_blocked:
        claim.probes.add(message.id)
    return True


def _send(claim: Claim, seconds: float) -> None:
    """Send the claimed messages; those that can't start before the lease ends are released.

    A hung call loses its thread; the lease handles its message.
    """
    lease = current_app.config["MESSAGE_LEASE"]
    calls, until = Calls(max_calls(current_organization())), uptime() + min(lease / 4, seconds)
    end = until + LONGEST_CALL
    while claim.ids or calls:
        if claim.ids and (stopping.is_set() or uptime() > until):
            _release(claim)
        elif claim.ids and calls.room:
            begun = uptime()
            calls.begin(_submit(claim, claim.take(calls.room)), begun + lease)
        elif answers := calls.answered(end):
            record(answers, claim.token)
        else:
            log.warning("organization %d: %d calls hang and are let go", require_organization(), len(calls))
            record(calls.let_go(), claim.token)


def _submit(claim: Claim, ids: Sequence[int]) -> list[Call]:
    """Mark messages as submitting and return their calls.

    The send policy is asked once more; messages of other workers are skipped, and those that a restored copy of the
    organization has sent are not sent again.
    """
    with committing("submit"):
        due.lock(KIND, ids)
        messages = _claimed(claim, ids)
        batch = Batch(lock_customers(message.customer_id for message in messages), messages)
        batch.lock_portfolios()
        going, attempts = [], []
        sent = sent_ledger.sent_by_others(message.uid for message in messages)
        for message in messages:
            if message.lease_until is None or message.lease_until <= batch.now:
                continue
            if message.uid in sent:
                message.handed_over_at = sent[message.uid]
                batch.end(message, Status.SENT, SENT_SINCE.english(when=said(sent[message.uid])))
                continue
            decision = batch.judge(message, probing=message.id in claim.probes)
            if isinstance(decision, Go) and not decision.gateway.by_hand:
                going.append(message)
                batch.let_go(message)
                attempts.append(_attempt(message, batch, decision.gateway.name, claim.token))
            else:
                batch.carry_out(message, decision)
        batch.lend(going, Status.SUBMITTING, claim.token)
        insert_many(Attempt, attempts)
        sent_ledger.note([message.uid for message in going], batch.now)
        batch.finish()
        return _calls(going, attempts, claim.token, batch)


def _claimed(claim: Claim, ids: Sequence[int]) -> Sequence[Message]:
    return db.session.scalars(
        locked(
            sa.select(Message)
            .where(one_of(Message.id, ids), Message.claim_token == claim.token, Message.status == Status.CLAIMED)
            .order_by(Message.id)
        )
    ).all()


def _attempt(message: Message, batch: Batch, gateway: str, token: str) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "claim_token": token,
        "gateway": gateway,
        "channel": message.channel,
        "recipient": message.channel.addresses.of(batch.customers[message.customer_id]),
        "body": with_footer(message, batch.customers[message.customer_id], batch.organization),
    }


def _calls(messages: Sequence[Message], attempts: Sequence[dict[str, Any]], token: str, batch: Batch) -> list[Call]:
    ids = [row["message_id"] for row in attempts]
    found = db.session.execute(
        sa.select(Attempt.message_id, Attempt.id).where(one_of(Attempt.message_id, ids), Attempt.claim_token == token)
    )
    attempt_ids: dict[int, int] = {row.message_id: row.id for row in found}
    ways = {(row["gateway"], row["channel"]) for row in attempts}
    senders = {way: sender_of(batch.organization, *way) for way in ways}
    reporting = [
        row
        for row in attempts
        if gateway_named(row["gateway"]).reports or senders[row["gateway"], row["channel"]].returns_to
    ]
    keep_recipients({attempt_ids[row["message_id"]]: row["recipient"] for row in reporting})
    return [
        Call(
            attempt_id=attempt_ids[row["message_id"]],
            message_id=row["message_id"],
            gateway=row["gateway"],
            channel=row["channel"],
            to=row["recipient"],
            body=row["body"],
            subject=message.subject,
            is_automatic=message.created_by_id is None,
            sender=senders[row["gateway"], row["channel"]],
            template=message.approved,
            unsubscribe=link_to_unsubscribe(message, batch.customers[message.customer_id]),
        )
        for message, row in zip(messages, attempts, strict=True)
    ]


def _release(claim: Claim) -> None:
    ids = claim.take(len(claim.ids))
    with committing("release"):
        due.lock(KIND, ids)
        messages = _claimed(claim, ids)
        for message in messages:
            message.turn(Status.SCHEDULED, message.status_at)
        look_at({message.id: message.send_at for message in messages})
