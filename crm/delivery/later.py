"""Messages that a provider refuses for now, and is asked about again much later: WhatsApp's limits of a customer."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crm.kernel.extensions import db
from crm.messages.models import Attempt, Message
from crm.messages.rules import Status, day_word
from crm.providers.base import Meaning
from crm.providers.registry import provider_named
from crm.values import clock
from crm.values.language import N_
from crm.values.stored import stored

NEXT_TRY = stored(N_("%(sentence)s Next try %(when)s."))


def meaning_of(gateway: str, code: str | None) -> Meaning | None:
    """Return what a code of a gateway's provider means, if it is known."""
    known = provider_named(gateway).reports
    return known.codes.get(int(code)) if known and code and code.isdecimal() else None


def times_refused(message: Message, code: str | None) -> int:
    """Count the attempts of a message that ended with a code."""
    refused = sa.select(sa.func.count(Attempt.id)).where(Attempt.message_id == message.id, Attempt.error_code == code)
    return db.session.scalars(refused).one()


def next_time(message: Message, gateway: str, code: str | None, now: dt.datetime) -> dt.datetime | None:
    """Return when a refused message is sent again, None for never: a text with "today" is of its day."""
    meaning = meaning_of(gateway, code)
    if meaning is None or not meaning.again or day_word(message.body):
        return None
    times = times_refused(message, code)
    return now + meaning.again[times - 1] if 0 < times <= len(meaning.again) else None


def put_off(message: Message, sentence: str, look: dt.datetime, zone: str, now: dt.datetime) -> None:
    """Let a message that was certainly not delivered wait for another time; from then on it may be late."""
    when = clock.iso(look, clock.zone(zone))
    message.turn(Status.RETRY_WAIT, now, NEXT_TRY.english(sentence=sentence, when=when))
    message.send_at, message.handed_over_at = look, None
