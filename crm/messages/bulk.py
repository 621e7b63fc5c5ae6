"""What is done with many messages at once, and what undoes it: as many statements for hundreds as for one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from crm.customers.models import Customer
from crm.customers.rules import MessagePurpose
from crm.kernel import queue
from crm.kernel.db import database_now, transaction, write_alike
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import record_many, row_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor, require_organization
from crm.messages.bookkeeping import gone, lock_customers, lock_messages, look_at, refresh_next, renew_next, tell
from crm.messages.checks import check_content, check_time
from crm.messages.models import Message
from crm.messages.policy_facts import opt_out_problems
from crm.messages.rules import Status
from crm.values.language import gettext as _


class Outcome(NamedTuple):
    """found: the messages that are still there. changed: those that were changed. refused: by id, why one stays."""

    found: Sequence[Message]
    changed: Sequence[Message]
    refused: Mapping[int, SentenceError]

    @property
    def only(self) -> Message:
        """Return the single message; raises what refused it, and ConflictError when it is gone."""
        for error in self.refused.values():
            raise error
        if not self.found:
            raise gone()
        return self.found[0]


def mark_done(ids: Iterable[int]) -> Outcome:
    """Mark as done by the current user what is not being sent."""
    changed: list[Message] = []
    refused: dict[int, SentenceError] = {}
    with transaction():
        messages, due_at = lock_messages(ids)
        now = database_now()
        for message in messages:
            try:
                if message.mark_done(current_actor(), now, due_at.get(message.id)):
                    tell("message.done", message)
                    changed.append(message)
            except ConflictError as error:
                refused[message.id] = error
        _follow(changed, {message.id: None for message in changed if message.status is Status.DONE})
        return Outcome(messages, changed, refused)


def undo_done(ids: Iterable[int]) -> Outcome:
    """Undo `mark_done`; a message that is not done stays."""
    changed: list[Message] = []
    moments: dict[int, dt.datetime | None] = {}
    with transaction():
        messages, _due_at = lock_messages(ids)
        now = database_now()
        for message in messages:
            was_done = message.status is Status.DONE
            before = message.undo_done(now)
            if before is None:
                continue
            tell("message.undone", message)
            changed.append(message)
            if was_done:
                moments[message.id] = _moment(before["due_at"])
        _follow(changed, moments)
        return Outcome(messages, changed, {})


def move(ids: Iterable[int], send_at: dt.datetime) -> tuple[Outcome, dict[int, dict[str, Any]]]:
    """Move what waits to another time; return also, by id, what undoes it."""
    changed: dict[int, dict[str, Any]] = {}
    refused: dict[int, SentenceError] = {}
    with transaction():
        messages, due_at = lock_messages(ids)
        customers = lock_customers(message.customer_id for message in messages)
        now, opt_outs = database_now(), _opt_outs(messages, customers)
        for message in messages:
            before = message.place(due_at.get(message.id))
            try:
                _ensure_waiting(message)
                if message.send_at == send_at:
                    continue
                customer = customers[message.customer_id]
                opt_out = opt_outs.get((message.channel.addresses.kind, message.purpose, customer.id))
                check_content(customer, message.channel, message.body, opt_out, message.subject, message.purpose)
                check_time(send_at, now)
            except SentenceError as error:
                refused[message.id] = error
                continue
            approved, subject = message.approved, message.subject
            message.rewrite(message.channel, message.body, send_at, message.must_arrive, approved, now, subject)
            tell("message.edited", message)
            changed[message.id] = before
        moved = [message for message in messages if message.id in changed]
        _follow(moved, dict.fromkeys(changed, send_at))
        if moved and send_at <= now + dt.timedelta(seconds=1):
            queue.enqueue("crm.delivery.jobs.deliver_organization", require_organization())
        return Outcome(messages, moved, refused), changed


def undo_move(places: Mapping[int, dict[str, Any]]) -> Outcome:
    """Put waiting messages back to the places that `move` returned."""
    changed: list[Message] = []
    with transaction():
        messages, _due_at = lock_messages(places)
        now = database_now()
        for message in messages:
            if message.move_back(places[message.id], now):
                tell("message.edited", message)
                changed.append(message)
        _follow(changed, {message.id: _moment(places[message.id]["due_at"]) for message in changed})
        return Outcome(messages, changed, {})


def _follow(changed: Sequence[Message], moments: Mapping[int, dt.datetime | None]) -> None:
    """Write the changes, when the worker looks at each, and the next messages of their customers."""
    if changed:
        write_alike(changed)
        look_at(moments)
        refresh_next(message.customer_id for message in changed)


def _opt_outs(
    messages: Iterable[Message], customers: Mapping[int, Customer]
) -> dict[tuple[str, MessagePurpose, int], str]:
    """Return the sentences about opt-outs, by kind of address, purpose and customer."""
    kinds = {(message.channel.addresses.kind, message.purpose): message.channel.addresses for message in messages}
    return {
        (kind, purpose, id_): sentence
        for (kind, purpose), addresses in kinds.items()
        for id_, sentence in opt_out_problems(customers.values(), addresses, purpose).items()
    }


def _ensure_waiting(message: Message) -> None:
    if message.is_resendable:
        raise ConflictError(_("A message that was not sent can't be moved. Send it again or mark it as done."))
    message.ensure_changeable()


def _moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def schedule(messages: Sequence[Message]) -> None:
    """Add messages whose customers are locked, with what follows, in the open transaction."""
    if not messages:
        return
    db.session.add_all(messages)
    db.session.flush()
    record_many([_scheduled(message) for message in messages])
    look_at({message.id: message.send_at for message in messages})
    renew_next({message.customer_id for message in messages})
    queue.enqueue("crm.delivery.jobs.deliver_organization", require_organization())


def cancel(ids: Iterable[int]) -> int:
    """Cancel what waits; return how many messages that is."""
    return _turn_waiting(ids, Status.CANCELED, "message.canceled")


def release(ids: Iterable[int]) -> int:
    """Let held messages go now; return how many that is. The time in which they expire begins anew."""
    return _turn_waiting(ids, Status.SCHEDULED, "message.released")


def send_again(ids: Iterable[int], send_at: dt.datetime) -> int:
    """Send again, at a time, what did not arrive; return how many messages that is."""
    with transaction():
        messages, _due_at = lock_messages(ids)
        changed = [message for message in messages if message.is_resendable]
        for message in changed:
            message.send_again(send_at)
            tell("message.resent", message)
        _follow(changed, dict.fromkeys((message.id for message in changed), send_at))
        return len(changed)


def _turn_waiting(ids: Iterable[int], status: Status, action: str) -> int:
    with transaction():
        messages, _due_at = lock_messages(ids)
        changed, now = [message for message in messages if message.is_changeable], database_now()
        for message in changed:
            message.turn(status, now)
            if status is Status.SCHEDULED:
                message.send_at = max(message.send_at, now)
            tell(action, message)
        _follow(changed, {message.id: message.send_at if message.is_awaited else None for message in changed})
        return len(changed)


def _scheduled(message: Message) -> dict[str, Any]:
    told = {"channel": message.channel, "body": message.body, "send_at": message.send_at.isoformat()}
    changes = {name: [None, value] for name, value in told.items()}
    return row_of("message.scheduled", message, message.customer_id, changes)
