"""From a due row to the call of its gateway: claim, gate, say so, call; `outcomes` records what came of it.

The database is the truth and its clock the only one. A message in a worker's hands carries the worker's token and a
lease; every later write asks for that token, so a worker that slept past its lease changes nothing. The row says
`submitting` before the gateway is called, with no transaction open during the call: whatever dies in between leaves a
message that may have gone out, and that is never sent again by itself.
"""

from __future__ import annotations

import datetime as dt
import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

import sqlalchemy as sa

from crm import due
from crm.db import locked, transaction
from crm.extensions import db
from crm.messages.gate import Go
from crm.messages.gateways import gateway_named
from crm.messages.gateways.base import Answer, Call, Outcome
from crm.messages.models import Attempt, Message
from crm.messages.outcomes import record
from crm.messages.round import Round
from crm.messages.rules import BEING_SENT, Status
from crm.messages.upkeep import KIND, look_at
from crm.queue import stopping
from crm.tenancy import use_organization

BATCH = 50
"""So many due messages are claimed at once."""

CALLS = 16
"""So many calls are in flight at once, and so many rows `submitting`."""

LINGER = 0.01
"""So many seconds an answer waits for others, to be written with them."""

PUT_OFF = dt.timedelta(seconds=60)

log = logging.getLogger(__name__)


@dataclass
class Claim:
    """What one worker took to send: message ids, and among them those that try a refused sender."""

    token: str = field(default_factory=lambda: secrets.token_hex(16))
    ids: list[int] = field(default_factory=list)
    probes: set[int] = field(default_factory=set)


def deliver_batch(organization_id: int) -> int:
    """Deal with up to BATCH due messages of an organization; return how many there were."""
    with use_organization(organization_id):
        claim = Claim()
        looked_at = _claim(claim)
        for start in range(0, len(claim.ids), CALLS):
            if stopping.is_set():
                _release(claim, claim.ids[start:])
                break
            calls = _submit(claim, claim.ids[start : start + CALLS])
            if calls:
                _call_all(calls, claim.token)
        return looked_at


def _claim(claim: Claim) -> int:
    with transaction() as session:
        ids = due.lock_due(KIND, BATCH)
        if not ids:
            return 0
        messages = session.scalars(locked(sa.select(Message).where(Message.id.in_(ids)).order_by(Message.id))).all()
        round_ = Round(messages)
        round_.looks = dict.fromkeys(ids)
        for message in messages:
            try:
                _look(message, round_, claim)
            except Exception:
                log.exception("message %d of organization %d: put off", message.id, message.organization_id)
                round_.looks[message.id] = round_.now + PUT_OFF
        round_.finish()
        return len(ids)


def _look(message: Message, round_: Round, claim: Claim) -> None:
    """Do what is due for one message."""
    now, state = round_.now, message.state
    if state in BEING_SENT and message.lease_until is not None and message.lease_until > now:
        round_.looks[message.id] = message.lease_until
    elif state is Status.SUBMITTING:
        reason = "The worker stopped while it was being sent. Checking what became of it."
        round_.end(message, Status.UNKNOWN, reason, look=round_.after("MESSAGE_UNCONFIRMED_AFTER"))
    elif state is Status.UNKNOWN:
        round_.end(message, Status.UNCONFIRMED, "We could not confirm this message: it may or may not have arrived.")
    elif state is Status.ACCEPTED:
        round_.end(message, Status.NO_REPORT, "The provider took it and never said what became of it.")
    elif state in (Status.SCHEDULED, Status.CLAIMED, Status.RETRY_WAIT, Status.HELD):
        _take(message, round_, claim)


def _take(message: Message, round_: Round, claim: Claim) -> None:
    if message.send_at > round_.now:
        round_.looks[message.id] = message.send_at
        return
    was_blocked = message.channel in round_.blocked
    verdict = round_.judge(message)
    if not isinstance(verdict, Go) or verdict.gateway.by_hand:
        round_.settle(message, verdict)
        return
    lease_end = round_.lease_end()
    message.claim(claim.token, lease_end, round_.now)
    round_.looks[message.id] = lease_end
    claim.ids.append(message.id)
    if was_blocked:
        claim.probes.add(message.id)


def _submit(claim: Claim, ids: Sequence[int]) -> list[Call]:
    """Write that these messages may go out at any moment, and return the calls that send them.

    What the gate holds or stops by now, and what another worker may have taken, is left out.
    """
    with transaction() as session:
        due.lock(KIND, ids)
        round_ = Round(messages := _claimed(claim, ids))
        attempts = []
        for message in messages:
            if message.lease_until is None or message.lease_until <= round_.now:
                continue
            verdict = round_.judge(message, probing=message.id in claim.probes)
            if isinstance(verdict, Go) and not verdict.gateway.by_hand:
                message.submit(round_.lease_end(), round_.now)
                round_.looks[message.id] = message.lease_until
                attempts.append(_attempt(message, round_, verdict.gateway.name, claim.token))
            else:
                round_.settle(message, verdict)
        session.add_all(attempts)
        round_.finish()
        session.flush()
        return [Call(row.id, row.message_id, row.gateway, row.via, row.recipient, row.body) for row in attempts]


def _claimed(claim: Claim, ids: Sequence[int]) -> Sequence[Message]:
    return db.session.scalars(
        locked(
            sa.select(Message)
            .where(Message.id.in_(ids), Message.claim_token == claim.token, Message.status == Status.CLAIMED)
            .order_by(Message.id)
        )
    ).all()


def _attempt(message: Message, round_: Round, gateway: str, token: str) -> Attempt:
    return Attempt(
        message_id=message.id,
        claim_token=token,
        gateway=gateway,
        channel=message.channel,
        recipient=round_.customers[message.customer_id].phone,
        body=message.body,
    )


def _call_all(calls: Sequence[Call], token: str) -> None:
    with ThreadPoolExecutor(len(calls)) as pool:
        pending = {pool.submit(_call, call): call for call in calls}
        while pending:
            answered, _ = wait(pending, LINGER)
            if not answered:
                answered, _ = wait(pending, return_when=FIRST_COMPLETED)
            record([(pending.pop(future), future.result()) for future in answered], token)


def _call(call: Call) -> Outcome:
    try:
        return gateway_named(call.gateway).send(call)
    except Exception:
        log.exception("message %d, attempt %d: the gateway failed", call.message_id, call.attempt_id)
        return Outcome(Answer.UNKNOWN, sentence="The gateway failed.")


def _release(claim: Claim, ids: Sequence[int]) -> None:
    """Give back what was claimed and not begun, so that nobody waits for the lease."""
    with transaction():
        due.lock(KIND, ids)
        messages = _claimed(claim, ids)
        for message in messages:
            message.turn(Status.SCHEDULED, message.status_at)
        look_at({message.id: message.send_at for message in messages})
