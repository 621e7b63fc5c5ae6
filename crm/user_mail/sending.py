"""Send letters to users that are due, one by one: claim, call, record."""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa

from crm.kernel import vault
from crm.kernel.db import database_now, locked, transaction
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.providers.base import GATEWAY_FAILED, Answer, Call, Outcome
from crm.providers.registry import gateway_named
from crm.user_mail.gateways import way_for
from crm.user_mail.invitations import note_result
from crm.user_mail.models import UserLetter
from crm.user_mail.rules import State
from crm.user_mail.services import SEALED_FOR
from crm.values.language import N_

LEASE = dt.timedelta(minutes=2)
"""Longer than any call of a gateway."""

NO_GATEWAY = N_("There is no mail gateway.")
WORKER_STOPPED = N_("The worker stopped while sending it.")

LATER = (Answer.NO_CONNECTION, Answer.RATE_LIMITED, Answer.DEFERRED, Answer.REFUSED_SENDER)
"""Answers after which nothing was sent, and another try may help: an owner may correct a refused account."""

log = logging.getLogger(__name__)


def send_next() -> bool:
    """Look at the letter that waits longest, and send it; False if none is due."""
    letter = _claim()
    if letter is None:
        return False
    if letter.state is State.SENDING:
        letter = _record(letter, _send(letter))
    note_result(letter)
    return True


def _claim() -> UserLetter | None:
    with transaction() as session:
        now = database_now()
        due = sa.select(UserLetter).where(UserLetter.due_at <= now).order_by(UserLetter.due_at).limit(1)
        letter = session.scalars(due.with_for_update(skip_locked=True)).first()
        if letter is None:
            return None
        if letter.state is State.SENDING:
            letter.end(State.UNKNOWN, WORKER_STOPPED)
        elif letter.expires_at <= now:
            letter.end(State.LATE, letter.reason)
        else:
            letter.begin(now + LEASE)
        return _plain(letter)


def _send(letter: UserLetter) -> Outcome:
    """Call the gateway, without a transaction; an error before that sent nothing."""
    try:
        call = _call_of(letter)
    except Exception:
        log.exception("letter %d to a user: it can't be made", letter.id)
        return Outcome(Answer.NO_CONNECTION, sentence=GATEWAY_FAILED)
    if call is None:
        return Outcome(Answer.NO_CONNECTION, sentence=NO_GATEWAY)
    db.session.rollback()
    try:
        return gateway_named(call.gateway).send(call)
    except Exception:
        log.exception("letter %d to a user: the gateway failed", letter.id)
        return Outcome(Answer.UNKNOWN, sentence=GATEWAY_FAILED)


def _call_of(letter: UserLetter) -> Call | None:
    way = way_for(letter.kind, letter.organization_id)
    if way is None:
        return None
    return Call(
        attempt_id=0,
        message_id=0,
        letter_id=letter.id,
        gateway=way.gateway,
        channel=EMAIL,
        to=letter.address,
        subject=letter.subject,
        body=vault.unseal(SEALED_FOR, letter.sealed),
        sender=way.sender,
        is_automatic=True,
    )


def _record(sent: UserLetter, outcome: Outcome) -> UserLetter:
    with transaction() as session:
        letter = session.scalars(locked(sa.select(UserLetter).where(UserLetter.id == sent.id))).one_or_none()
        if letter is None or letter.state is not State.SENDING:
            return sent
        now = database_now()
        if outcome.answer is Answer.ACCEPTED:
            letter.note_sent(now)
        elif outcome.answer in LATER:
            letter.put_off(now, outcome.sentence)
        else:
            letter.end(State.UNKNOWN if outcome.answer is Answer.UNKNOWN else State.FAILED, outcome.sentence)
        log.info("letter %d to a user, %s: %s", letter.id, letter.kind, outcome.answer)
        return _plain(letter)


def _plain(letter: UserLetter) -> UserLetter:
    """Return the row for the time after its transaction."""
    session = db.session()
    session.flush()
    session.refresh(letter)
    session.expunge(letter)
    return letter
