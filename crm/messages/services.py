"""What is done with messages: each function is one intent of a user and one transaction."""

from __future__ import annotations

import datetime as dt

from crm.customers.rules import MessagePurpose
from crm.kernel import queue
from crm.kernel.db import database_now, transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import record
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor, require_organization
from crm.messages import bulk
from crm.messages.bookkeeping import lock_customers, lock_message, look_at, refresh_next, tell
from crm.messages.channels.base import Channel
from crm.messages.checks import RefusedError, check_content, check_time, subject_for
from crm.messages.models import Message
from crm.messages.policy_facts import opt_out_problem
from crm.messages.rules import ApprovedTemplate
from crm.messages.signals import marketing_scheduling


def schedule_message(
    customer_id: int,
    channel: Channel,
    body: str,
    send_at: dt.datetime,
    request_key: RequestKey | None = None,
    *,
    must_arrive: bool = False,
    template: ApprovedTemplate | None = None,
    subject: str = "",
    purpose: MessagePurpose = MessagePurpose.SERVICE,
) -> Message:
    """Schedule a message; a time in the past five minutes means now.

    must_arrive: send once more when the outcome stays unknown. template: with filled parameters; `body` is what people
    read of it. subject: left out where the channel has none. Raises RefusedError, and KeyReusedError for a key with
    other content.
    """
    with transaction() as session:
        once = Once(request_key)
        if once.earlier is not None:
            return once.found(Message)
        customer = lock_customers([customer_id])[customer_id]
        now = database_now()
        subject = subject_for(channel, subject)
        opt_out = opt_out_problem(customer, channel.addresses, purpose)
        check_content(customer, channel, body, opt_out, subject, purpose)
        check_time(send_at, now)
        message = Message(
            customer_id=customer_id,
            channel=channel,
            subject=subject,
            body=body,
            purpose=purpose,
            send_at=send_at,
            must_arrive=must_arrive,
            template=template.to_json() if template else None,
            created_by_id=current_actor(),
        )
        if message.is_marketing:
            marketing_scheduling.send(message)
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
    subject: str = "",
    purpose: MessagePurpose | None = None,
) -> Message:
    """Edit a pending message, and its purpose if one is said.

    Raises RefusedError, and ConflictError when it is too late.
    """
    with transaction():
        message, _due_at = lock_message(message_id)
        customer = lock_customers([message.customer_id])[message.customer_id]
        now, moved = database_now(), message.send_at != send_at
        subject = subject_for(channel, subject)
        if message.rewrite(channel, body, send_at, must_arrive, template, now, subject, purpose):
            # Before the checks: they ask the database, which writes the change and so forgets what was before.
            tell("message.edited", message)
            opt_out = opt_out_problem(customer, channel.addresses, message.purpose)
            check_content(customer, channel, body, opt_out, subject, message.purpose)
            if message.is_marketing:
                marketing_scheduling.send(message)
            if moved:
                check_time(send_at, now)
            _await(message, now)
        return message


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
                opt_out = opt_out_problem(customer, message.channel.addresses, message.purpose)
                check_content(customer, message.channel, message.body, opt_out, message.subject, message.purpose)
                if message.is_marketing:
                    marketing_scheduling.send(message)
            except RefusedError as error:
                raise ConflictError(str(error)) from None
            _await(message, now)
        return message


def mark_done(message_id: int) -> Message:
    """Mark as done by the current user; raises ConflictError while it is being sent."""
    with transaction():
        return bulk.mark_done([message_id]).only


def undo_done(message_id: int) -> Message:
    """Undo `mark_done`; a message that is not done stays."""
    with transaction():
        return bulk.undo_done([message_id]).only


def _await(message: Message, now: dt.datetime) -> None:
    look_at({message.id: message.send_at})
    refresh_next([message.customer_id])
    if message.send_at <= now + dt.timedelta(seconds=1):
        queue.enqueue("crm.delivery.jobs.deliver_organization", require_organization())
