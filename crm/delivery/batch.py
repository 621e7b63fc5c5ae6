"""One transaction over some messages: the facts to judge them by, and the writes at its end."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.exc import IntegrityError

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.delivery.approval import categories_of
from crm.delivery.later import put_off
from crm.delivery.portfolio import Portfolio, lock_if_limited, opens_conversation, user_key
from crm.delivery.send_policy import Decision, Go, Hold, Stop, check_policy
from crm.kernel.columns import one_of
from crm.kernel.db import database_now, locked
from crm.kernel.events import record, record_many, row_of
from crm.kernel.extensions import db
from crm.kernel.manifest import Halt, catalog
from crm.messages.bookkeeping import look_at, renew_next
from crm.messages.channels.base import Addresses, Channel
from crm.messages.channels.emails import EMAILS
from crm.messages.frequency import offers_had
from crm.messages.models import BlockedSender, Message
from crm.messages.policy_facts import PolicyFacts, facts_about
from crm.messages.rules import Status, TemplateCategory
from crm.messages.states import ensure_may_turn
from crm.messages.warm_up import WarmUp, warm_up_of
from crm.providers.registry import needs_approval

PROBE_EVERY = dt.timedelta(seconds=10)
"""Between two tries of a refused sender."""

PROBE_REPORTED_EVERY = dt.timedelta(minutes=5)
"""The same for one that is refused in reports, which come some time after each try."""

MAX_QUESTIONS = 10
"""Questions about a lost answer, before nobody can confirm it."""


class Batch:
    """Messages locked with their customers, their organization, and refused senders.

    messages: to judge, and customers: of them. looks: when the worker looks at each message again. `finish` writes
    looks, events and the customers' next messages.
    """

    def __init__(
        self, customers: Mapping[int, Customer] = MappingProxyType({}), messages: Sequence[Message] = ()
    ) -> None:
        self.customers, self.messages = customers, messages
        self.blocked = {row.channel: row for row in db.session.scalars(locked(sa.select(BlockedSender)))}
        self.now = database_now()
        self.looks: dict[int, dt.datetime | None] = {}
        self._facts: dict[str, PolicyFacts] = {}
        self._portfolios: dict[Channel, Portfolio] = {}
        self._users: dict[Channel, Mapping[int, str]] = {}
        self._moved: set[int] = set()
        self._events: list[dict[str, Any]] = []

    @cached_property
    def organization(self) -> Organization:
        return current_organization()

    @cached_property
    def halts(self) -> Mapping[int, Halt]:
        """Why marketing messages are not to go out now, by id: what other features say."""
        ids = [message.id for message in self.messages if message.is_marketing]
        asked = [halts(ids) for halts in catalog().message_halts] if ids else []
        return {id_: halt for found in asked for id_, halt in found.items()}

    def facts(self, addresses: Addresses) -> PolicyFacts:
        """Return the facts about the customers' addresses of a kind, read once."""
        if addresses.kind not in self._facts:
            self._facts[addresses.kind] = facts_about(self.customers.values(), addresses)
        return self._facts[addresses.kind]

    def judge(self, message: Message, *, probing: bool = False) -> Decision:
        """Decide on a due message; `probing` messages may try a refused sender."""
        facts = self.facts(message.channel.addresses)
        customer, had = self.customers[message.customer_id], self._had(message)
        halt, category = self.halts.get(message.id), self._categories.get(message.id, TemplateCategory.UNKNOWN)
        warm_up = self._warm_up if message.is_marketing and message.channel.addresses is EMAILS else None
        decision = check_policy(message, customer, self.organization, facts, self.now, had, halt, category, warm_up)
        sender = self.blocked.get(message.channel)
        if not isinstance(decision, Go) or decision.gateway.by_hand:
            return decision
        if sender is not None and not probing:
            if sender.probe_at > self.now:
                return Hold(self._sometime(), sender.reason)
            sender.probe_at = self.now + _pause(by_report=sender.by_report)
        user = self._first_written_to(message)
        return (self._portfolio(message.channel).check(message, user) if user else None) or decision

    def let_go(self, message: Message) -> None:
        """Count what is about to be handed over, for what comes after it."""
        if message.is_marketing:
            self._offers.setdefault(message.customer_id, []).append(self.now)
            if message.channel.addresses is EMAILS and self._warm_up is not None:
                self._warm_up.left -= 1
        if user := self._first_written_to(message):
            self._portfolio(message.channel).note(user)

    def lock_portfolios(self) -> None:
        """Let no other worker count the people written to until this batch has added its own."""
        lock_if_limited(self.organization, (message.channel for message in self.messages))

    def _first_written_to(self, message: Message) -> str:
        """Return whom a message opens a conversation with, "" for an answer and where nobody counts."""
        channel = message.channel
        if not needs_approval(self.organization, channel):
            return ""
        if not opens_conversation(message, self.facts(channel.addresses).wrote_at, self.now):
            return ""
        return self._keys(channel).get(message.customer_id, "")

    def _portfolio(self, channel: Channel) -> Portfolio:
        if channel not in self._portfolios:
            users = list(self._keys(channel).values())
            self._portfolios[channel] = Portfolio(self.organization, channel, users, self.now)
        return self._portfolios[channel]

    def _keys(self, channel: Channel) -> Mapping[int, str]:
        if channel not in self._users:
            found = {id_: channel.addresses.of(customer) for id_, customer in self.customers.items()}
            self._users[channel] = {id_: user_key(address) for id_, address in found.items() if address}
        return self._users[channel]

    def _had(self, message: Message) -> list[dt.datetime]:
        return self._offers.get(message.customer_id, []) if message.is_marketing else []

    @cached_property
    def _offers(self) -> dict[int, list[dt.datetime]]:
        return offers_had(list(self.customers), self.now)

    @cached_property
    def _categories(self) -> Mapping[int, TemplateCategory]:
        return categories_of(self.messages)

    @cached_property
    def _warm_up(self) -> WarmUp | None:
        return warm_up_of(self.organization, self.now)

    def carry_out(self, message: Message, decision: Decision) -> None:
        """Hold or stop a message."""
        match decision:
            case Stop(status, reason):
                self.end(message, status, reason)
            case Hold(until, reason, moves):
                if moves:
                    message.send_at = until
                    self._moved.add(message.customer_id)
                if (message.status, message.reason) != (Status.HELD, reason):
                    message.turn(Status.HELD, self.now, reason)
                self.looks[message.id] = until
            case Go():
                self.end(message, Status.REMINDER)

    def end(self, message: Message, status: Status, reason: str = "", look: dt.datetime | None = None) -> None:
        """Set a final or waiting status; the worker looks at it again at `look`."""
        before = {"status": message.status, "reason": message.reason}
        message.turn(status, self.now, reason)
        after = {"status": message.status, "reason": message.reason}
        changes = {field: [before[field], after[field]] for field in after if before[field] != after[field]}
        self._events.append(row_of(f"message.{status}", message, message.customer_id, changes))
        self.looks[message.id] = look
        self._moved.add(message.customer_id)

    def put_off(self, message: Message, sentence: str, look: dt.datetime) -> None:
        """Let a refused message wait for another time."""
        before = {"status": message.status, "reason": message.reason}
        put_off(message, sentence, look, self.organization.time_zone, self.now)
        changes = {name: [value, getattr(message, name)] for name, value in before.items()}
        self._events.append(row_of(f"message.{message.status}", message, message.customer_id, changes))
        self.looks[message.id] = look
        self._moved.add(message.customer_id)

    def lend(self, messages: Sequence[Message], status: Status, token: str) -> None:
        """Lease messages to the worker with `token`."""
        for message in messages:
            ensure_may_turn(message.status, status)
        ids, lease_end = [message.id for message in messages], self.after("MESSAGE_LEASE")
        db.session.execute(
            sa.update(Message)
            .where(one_of(Message.id, ids))
            .values(status=status, reason="", status_at=self.now, claim_token=token, lease_until=lease_end)
            .execution_options(synchronize_session=False)
        )
        self.looks.update(dict.fromkeys(ids, lease_end))

    def after(self, setting: str) -> dt.datetime:
        """Return now plus a setting in seconds."""
        return self.now + dt.timedelta(seconds=current_app.config[setting])

    def doubt(self, message: Message, reason: str) -> None:
        """Record that the outcome is unknown; the provider is asked later."""
        self.end(message, Status.UNKNOWN, reason, self.next_question(self.after("MESSAGE_UNCONFIRMED_AFTER")))

    def next_question(self, deadline: dt.datetime) -> dt.datetime:
        """Return the time of the next question, at most `deadline`."""
        pause = dt.timedelta(seconds=current_app.config["MESSAGE_UNCONFIRMED_AFTER"]) / MAX_QUESTIONS
        return min(self.now + pause, deadline)

    def refuse_sender(self, channel: Channel, gateway: str, reason: str, *, by_report: bool = False) -> dt.datetime:
        """Hold the channel's messages: its provider refuses the account. Returns the time of the next try."""
        probe_at = self.now + _pause(by_report=by_report)
        if channel not in self.blocked:
            row = BlockedSender(
                channel=channel, gateway=gateway, reason=reason[:300], probe_at=probe_at, by_report=by_report
            )
            try:
                with db.session.begin_nested():
                    db.session.add(row)
                record("sender.refused", row, changes={"channel": [None, channel], "reason": [None, row.reason]})
            except IntegrityError:
                row = db.session.scalars(sa.select(BlockedSender).where(BlockedSender.channel == channel)).one()
            self.blocked[channel] = row
        if by_report:
            row = self.blocked[channel]
            row.by_report, row.probe_at = True, max(row.probe_at, probe_at)
        return self._sometime()

    def accept_sender(self, channel: Channel, *, reported: dt.datetime | None = None) -> bool:
        """Release the channel; False if it stays refused or was not.

        `reported`: the start of the call that a good report is about; a sender refused in reports needs one.
        """
        row = self.blocked.get(channel)
        if row is None or (reported is None) == row.by_report or (reported is not None and reported < row.blocked_at):
            return False
        del self.blocked[channel]
        record("sender.accepted", row, changes={"channel": [channel, None]})
        db.session.delete(row)
        return True

    def probe_soon(self, channel: Channel) -> None:
        row = self.blocked.get(channel)
        if row is not None:
            row.probe_at = min(row.probe_at, self.now + PROBE_EVERY)

    def finish(self) -> None:
        for portfolio in self._portfolios.values():
            portfolio.write()
        look_at(self.looks)
        record_many(self._events)
        if self._moved:
            renew_next(self._moved)

    def _sometime(self) -> dt.datetime:
        # Not all at once: thousands may wait, and each look is for one probe.
        return self.now + PROBE_EVERY * (1 + 5 * random.random())  # noqa: S311 -- no secret


def _pause(*, by_report: bool) -> dt.timedelta:
    return PROBE_REPORTED_EVERY if by_report else PROBE_EVERY
