"""What is done with messages: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crm.customers.models import Customer
from crm.kernel import queue
from crm.kernel.db import database_now, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import record
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor, require_organization
from crm.messages.bookkeeping import lock_customers, lock_message, look_at, refresh_next, tell
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import consent_problem
from crm.messages.models import Message
from crm.messages.policy_facts import opt_out_problem
from crm.messages.rules import ApprovedTemplate, Status
from crm.values import clock
from crm.values.language import gettext as _
from crm.values.language import ngettext

PAST = dt.timedelta(minutes=5)
AHEAD = dt.timedelta(days=clock.MAX_DAYS, hours=3)
"""How far ahead a message may be scheduled."""


class RefusedError(SentenceError):
    """A broken rule; `field` is where the form shows the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def schedule_message(
    customer_id: int,
    channel: Channel,
    body: str,
    send_at: dt.datetime,
    request_key: RequestKey | None = None,
    *,
    must_arrive: bool = False,
    template: ApprovedTemplate | None = None,
) -> Message:
    """Schedule a message; a time in the past five minutes means now.

    must_arrive: send once more when the outcome stays unknown. template: with filled parameters; `body` is what people
    read of it. Raises RefusedError, and KeyReusedError for a key with other content.
    """
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Message)
        customer = lock_customers([customer_id])[customer_id]
        now = database_now()
        _check_content(customer, channel, body)
        _check_time(send_at, now)
        message = Message(
            customer_id=customer_id,
            channel=channel,
            body=body,
            send_at=send_at,
            must_arrive=must_arrive,
            template=template.to_json() if template else None,
            created_by_id=current_actor(),
        )
        session.add(message)
        session.flush()
        once.made(message.id)
        changes = {"channel": [None, channel], "body": [None, body], "send_at": [None, send_at.isoformat()]}
        record("message.scheduled", message, customer_id=customer_id, changes=changes)
        _await(message, now)
        return message


def edit_message(
    message_id: int,
    channel: Channel,
    body: str,
    send_at: dt.datetime,
    *,
    must_arrive: bool = False,
    template: ApprovedTemplate | None = None,
) -> Message:
    """Edit a pending message; raises RefusedError, and ConflictError when it is too late."""
    with transaction():
        message, _due_at = lock_message(message_id)
        customer = lock_customers([message.customer_id])[message.customer_id]
        now, moved = database_now(), message.send_at != send_at
        if message.rewrite(channel, body, send_at, must_arrive, template, now):
            # Before the checks: they ask the database, which writes the change and so forgets what was before.
            tell("message.edited", message)
            _check_content(customer, channel, body)
            if moved:
                _check_time(send_at, now)
            _await(message, now)
        return message


def move_message(message_id: int, send_at: dt.datetime) -> dict[str, Any] | None:
    """Move a pending message to another time; return what undoes it, None for no change. Raises as `edit_message`."""
    with transaction():
        message, due_at = lock_message(message_id)
        before = message.place(due_at)
        edit_message(
            message_id,
            message.channel,
            message.body,
            send_at,
            must_arrive=message.must_arrive,
            template=message.approved,
        )
        return None if before["send_at"] == send_at.isoformat() else before


def undo_move(message_id: int, before: dict[str, Any]) -> bool:
    """Put a message back where it was before it was moved; False once it is no longer scheduled."""
    with transaction():
        message, _due_at = lock_message(message_id)
        if not message.move_back(before, database_now()):
            return False
        tell("message.edited", message)
        due_at = before["due_at"]
        look_at({message.id: dt.datetime.fromisoformat(due_at) if due_at else None})
        refresh_next([message.customer_id])
        return True


def cancel_message(message_id: int) -> Message:
    """Cancel a pending message; raises ConflictError when it is too late."""
    with transaction():
        message, _due_at = lock_message(message_id)
        if message.cancel(database_now()):
            tell("message.canceled", message)
            look_at({message.id: None})
            refresh_next([message.customer_id])
        return message


def resend_message(message_id: int) -> Message:
    """Send again what did not arrive or is unknown; raises ConflictError otherwise."""
    with transaction():
        message, _due_at = lock_message(message_id)
        customer = lock_customers([message.customer_id])[message.customer_id]
        now = database_now()
        if message.send_again(now):
            tell("message.resent", message)
            try:
                _check_content(customer, message.channel, message.body)
            except RefusedError as error:
                raise ConflictError(str(error)) from None
            _await(message, now)
        return message


def mark_done(message_id: int) -> Message:
    """Mark as done by the current user; raises ConflictError while it is being sent."""
    with transaction():
        message, due_at = lock_message(message_id)
        if message.mark_done(current_actor(), database_now(), due_at):
            tell("message.done", message)
            if message.status is Status.DONE:
                look_at({message.id: None})
            refresh_next([message.customer_id])
        return message


def undo_done(message_id: int) -> Message:
    """Undo `mark_done`; a message that is not done stays."""
    with transaction():
        message, _due_at = lock_message(message_id)
        was_done = message.status is Status.DONE
        before = message.undo_done(database_now())
        if before is not None:
            tell("message.undone", message)
            if was_done:
                due_at = before["due_at"]
                look_at({message.id: dt.datetime.fromisoformat(due_at) if due_at else None})
            refresh_next([message.customer_id])
        return message


def _await(message: Message, now: dt.datetime) -> None:
    look_at({message.id: message.send_at})
    refresh_next([message.customer_id])
    if message.send_at <= now + dt.timedelta(seconds=1):
        queue.enqueue("crm.delivery.jobs.deliver_organization", require_organization())


def _check_content(customer: Customer, channel: Channel, body: str) -> None:
    if customer.merged_into_id is not None:
        raise RefusedError(
            "channel", _("%(name)s was merged with another customer. Open their page again.", name=customer.name)
        )
    if customer.is_archived:
        raise RefusedError(
            "channel", _("%(name)s is archived. Restore them first, then schedule a message.", name=customer.name)
        )
    problem = (
        consent_problem(customer, channel)
        or channel.addresses.problem(customer)
        or opt_out_problem(customer, channel.addresses)
    )
    if problem:
        raise RefusedError("channel", problem)
    if not body.strip():
        raise RefusedError("body", _("Write the message."))
    over = len(body) - channel.max_length
    if over > 0:
        raise RefusedError("body", too_long(over, channel))


def too_long(over: int, channel: Channel) -> str:
    return ngettext(
        "Shorten the message by %(num)s character: %(channel)s has room for %(room)s.",
        "Shorten the message by %(num)s characters: %(channel)s has room for %(room)s.",
        over,
        num=f"{over:,}",
        channel=channel.label,
        room=f"{channel.max_length:,}",
    )


def _check_time(send_at: dt.datetime, now: dt.datetime) -> None:
    if send_at < now - PAST:
        raise RefusedError("send_at", _("This time has passed. Choose a later one."))
    if send_at > now + AHEAD:
        raise RefusedError("send_at", _("Choose a time within the next two years."))
