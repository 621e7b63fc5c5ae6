"""What holds after every run, whatever was killed, frozen or cut off: the invariants of the delivery contract."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.messages.models import Attempt, Message
from crm.messages.rules import BEING_SENT, HANDED_OVER, OPEN, Status
from tests.faults.fake import Fake
from tests.messages.shop import Shop

FINISHED = HANDED_OVER | {
    Status.UNCONFIRMED,
    Status.FAILED,
    Status.UNDELIVERED,
    Status.SUPPRESSED,
    Status.EXPIRED,
    Status.CANCELED,
    Status.DONE,
}
STOPPED = {"message.canceled", "message.suppressed", "message.expired", "message.done"}


def check(shop: Shop, fake: Fake, *, count: int) -> Counter[str]:
    """Assert the invariants for a shop that has `count` messages, and return how many are in each state."""
    accepted = fake.accepted()
    with shop.inside():
        messages = {row.id: row for row in db.session.scalars(sa.select(Message))}
        attempts = {row.id: row for row in db.session.scalars(sa.select(Attempt))}
        looked_at = set(db.session.scalars(sa.select(DueWork.subject_id).where(DueWork.kind == "message")))
        assert len(messages) == count, "a message is gone"
        _no_state_outlives_its_limit(messages, looked_at)
        _the_log_is_part_of_our_rows(accepted, messages, attempts)
        _nothing_before_its_time_or_after_its_end(accepted, messages, attempts)
        _what_we_say_was_taken_was_taken(accepted, messages, attempts)
        _customers_know_their_next_message(messages)
        states = Counter(row.status for row in messages.values())
    assert not fake.state()["broken"], "a request broke the provider's rules"
    return states


def _no_state_outlives_its_limit(messages: dict[int, Message], looked_at: set[int]) -> None:
    now = db.session.scalars(sa.select(sa.func.max(Message.status_at))).one()
    for message in messages.values():
        state = Status(message.status)  # raises for a state that isn't listed
        assert state in FINISHED or message.id in looked_at, f"nobody will look at {message.id}, {state}"
        if state in BEING_SENT:
            assert message.lease_until is not None, message.id
            assert message.lease_until > now - dt.timedelta(seconds=15), f"{message.id} outlives its lease"
        else:
            assert message.claim_token is None, f"{message.id}, {state}, is still claimed"


def _the_log_is_part_of_our_rows(
    accepted: list[dict[str, Any]], messages: dict[int, Message], attempts: dict[int, Attempt]
) -> None:
    for row in accepted:
        attempt = attempts[row["attempt"]]
        assert (row["to"].removeprefix("whatsapp:").lstrip("+"), row["body"]) == (
            attempt.recipient.lstrip("+"),
            attempt.body,
        )
    times = Counter(attempts[row["attempt"]].message_id for row in accepted)
    twice = {id_: number for id_, number in times.items() if number > 1 and not messages[id_].must_arrive}
    assert not twice, f"accepted twice: {twice}"


def _nothing_before_its_time_or_after_its_end(
    accepted: list[dict[str, Any]], messages: dict[int, Message], attempts: dict[int, Attempt]
) -> None:
    ended = {
        event.subject_id: event.at.timestamp()
        for event in db.session.scalars(sa.select(Event).where(Event.action.in_(STOPPED)))
    }
    for row in accepted:
        id_ = attempts[row["attempt"]].message_id
        assert row["at"] >= messages[id_].send_at.timestamp(), f"{id_} went out before its time"
        assert row["at"] <= ended.get(id_, row["at"]), f"{id_} went out after it was stopped"


def _what_we_say_was_taken_was_taken(
    accepted: list[dict[str, Any]], messages: dict[int, Message], attempts: dict[int, Attempt]
) -> None:
    taken = {attempts[row["attempt"]].message_id for row in accepted}
    claimed = {message.id for message in messages.values() if Status(message.status) in HANDED_OVER}
    assert claimed <= taken, f"lost: {sorted(claimed - taken)[:9]}"
    # Taken, and we don't know it yet: it is asked about, or a person is.
    unsure = taken - claimed
    assert {messages[id_].status for id_ in unsure} <= {"submitting", "unknown", "unconfirmed", "undelivered", "failed"}


def _customers_know_their_next_message(messages: dict[int, Message]) -> None:
    earliest: dict[int, dt.datetime] = {}
    for message in messages.values():
        if Status(message.status) in OPEN and message.acknowledged_at is None:
            earliest[message.customer_id] = min(message.send_at, earliest.get(message.customer_id, message.send_at))
    for customer in db.session.scalars(sa.select(Customer)):
        assert customer.next_message_at == earliest.get(customer.id), f"customer {customer.id}"
