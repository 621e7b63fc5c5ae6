"""Reads of messages for lists, reminders and counts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.queries import current_organization
from crm.customers.models import Customer
from crm.customers.search import find_among, find_ids
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.kernel.health import LAST_BEAT, Silence, silence
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import NAMES, all_channels
from crm.messages.models import Attempt, BlockedSender, Message
from crm.messages.rules import OPEN, Status, told_alike
from crm.values import clock
from crm.values.choices import NO_FILTER, unknown_choice
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.lists import Page, as_query, read_page

PANEL_SIZE = 50

SEARCHED = 20_000
"""A search reads the latest messages."""

LATEST_FIRST = (Message.send_at.desc(), Message.id.desc())


class NextMessage(NamedTuple):
    """The message that orders its customer in the list."""

    id: int
    channel: Channel
    send_at: dt.datetime
    status: Status
    is_due: bool


class Reminder(NamedTuple):
    """A due message that needs a person, and what can be done."""

    message: Message
    customer: Customer

    @property
    def by_hand(self) -> bool:
        return self.message.status is Status.REMINDER

    @property
    def link(self) -> str | None:
        """The link for sending by hand, if that is possible."""
        return open_link(self.message, self.customer) if self.by_hand else None

    @property
    def reason(self) -> str:
        """Why it needs a person."""
        if self.by_hand or self.message.send_at > clock.utcnow():
            return ""
        return self.message.shown_reason or _REASONS.get(
            self.message.status, _("It is late and has not been sent yet.")
        )


class MessageFilter(NamedTuple):
    """None means all. `since`: the first day, of the organization's calendar."""

    status: Status | None = None
    channel: Channel | None = None
    q: str = ""
    unknown: str = ""
    since: dt.date | None = None

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> MessageFilter:
        """Read the query of a URL; an unknown choice matches nothing, and `unknown` says so."""
        return cls(
            next((status for status in Status if status == args.get("status")), None),
            next((channel for channel in all_channels() if channel == args.get("channel")), None),
            clean_line(args.get("q", ""))[:200],
            unknown_choice(args, status=list(Status), channel=NAMES) or _unknown_day(args.get("from", "")),
            _day(args.get("from", "")),
        )

    @property
    def is_set(self) -> bool:
        return bool(self.status or self.channel or self.q or self.since or self.unknown)

    def query(self) -> dict[str, Any]:
        days = {"from": self.since.isoformat()} if self.since else {}
        return as_query(self._replace(since=None)) | days


class SendingNotices(NamedTuple):
    """Refused senders, and the silence of the worker."""

    refused: Sequence[BlockedSender]
    silence: Silence | None


def messages(customer_id: int) -> sa.Select[Message]:
    statement = sa.select(Message).where(Message.customer_id == customer_id)
    return statement.order_by(Message.send_at.desc(), Message.id.desc())


_REASONS = {
    Status.UNCONFIRMED: N_("We can't tell whether it arrived."),
    Status.FAILED: N_("It could not be sent."),
    Status.UNDELIVERED: N_("It was not delivered."),
    Status.EXPIRED: N_("It was too late to send it."),
}


def open_link(message: Message, customer: Customer) -> str | None:
    address = message.channel.addresses.of(customer)
    return message.channel.link(address, message.body, message.subject) if address else None


def reminders_of(message_ids: Sequence[int]) -> dict[int, Reminder]:
    found = db.session.execute(_REMINDERS, {"messages": list(message_ids)}).all()
    return {message.id: Reminder(message, customer) for message, customer in found}


def notices() -> SendingNotices:
    rows = db.session.execute(_NOTICES).all()
    return SendingNotices([row[0] for row in rows if row[0]], silence(rows[0]))


def next_messages(customer_ids: Sequence[int]) -> dict[int, NextMessage]:
    """Return the earliest open message of each customer, by id."""
    if not customer_ids:
        return {}
    rows = db.session.execute(_NEXT, {"customers": list(customer_ids)}).all()
    open_ = [row for row in rows if row.status in OPEN and row.acknowledged_at is None]
    # Of several the first one stays, which is put in last.
    return {row.customer_id: NextMessage(*row[1:6]) for row in sorted(open_, key=lambda row: -row.id)}


def next_of(customer: Customer, newest: Sequence[Message]) -> Message | NextMessage | None:
    """Return a customer's earliest open message; `newest` are their last ones."""
    if customer.next_message_at is None:
        return None
    found = [message for message in newest if message.send_at == customer.next_message_at and message.is_awaited]
    return min(found, key=lambda message: message.id) if found else next_messages([customer.id]).get(customer.id)


def messages_of(customer_id: int, limit: int = PANEL_SIZE) -> list[Message]:
    return list(db.session.scalars(_OF_CUSTOMER, {"customer": customer_id, "most": limit}).unique())


def count_messages_of(customer_id: int) -> int:
    return db.session.scalars(sa.select(sa.func.count(Message.id)).where(Message.customer_id == customer_id)).one()


def page_of_messages(wanted: MessageFilter, number: int) -> Page[Message]:
    conditions = conditions_of(wanted)
    statement = sa.select(Message).options(joinedload(Message.customer)).where(*conditions).order_by(*LATEST_FIRST)
    return read_page(statement, wanted, number)


def conditions_of(wanted: MessageFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.unknown:
        conditions.append(sa.false())
    if wanted.status is not None:
        conditions.append(Message.status.in_(told_alike(wanted.status)))
    if wanted.channel is not None:
        conditions.append(Message.channel == wanted.channel)
    if wanted.since is not None:
        conditions.append(since(wanted.since))
    if wanted.q:
        conditions.append(_about(wanted.q, conditions))
    return conditions


def since(day: dt.date) -> sa.ColumnElement[bool]:
    """Return the condition of messages whose time is on a day of the organization's calendar, or later."""
    zone = clock.zone(current_organization().time_zone)
    return Message.send_at >= clock.at_or_after(dt.datetime.combine(day, dt.time()), zone)


def _day(text: str) -> dt.date | None:
    """Return None for what is no day of this century."""
    try:
        return dt.date.fromisoformat(text) if re.fullmatch(r"20\d{2}-\d{2}-\d{2}", text, re.ASCII) else None
    except ValueError:
        return None


def _unknown_day(text: str) -> str:
    wrong = text not in NO_FILTER and _day(text) is None
    return _("“%(text)s” is not a date.", text=clean_line(text)[:40]) if wrong else ""


def _about(q: str, conditions: Sequence[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    """Match messages to customers that the search finds, and the latest messages by their text."""
    latest = (
        sa.select(Message.id, Message.customer_id, Message.subject, Message.body)
        .where(*conditions)
        .order_by(*LATEST_FIRST)
    )
    latest = latest.limit(SEARCHED)
    read = latest.subquery()
    says = sa.or_(*(column.icontains(q, autoescape=True) for column in (read.c.subject, read.c.body)))
    said = Message.id.in_(sa.select(read.c.id).where(says))
    customers = find_ids(q)
    if customers is not None:
        return sa.or_(one_of(Message.customer_id, customers), said)
    # Too many share the name to look up each one's messages.
    near = db.session.scalars(sa.select(read.c.customer_id).distinct()).all()
    theirs = one_of(Message.customer_id, sorted(find_among(list(near), q)))
    return sa.or_(sa.and_(theirs, Message.id.in_(sa.select(read.c.id))), said)


def attempts_by(gateways: Collection[str], limit: int = 100) -> list[Attempt]:
    """Return the latest attempts of gateways."""
    return list(
        db.session.scalars(
            sa.select(Attempt).where(Attempt.gateway.in_(gateways)).order_by(Attempt.id.desc()).limit(limit)
        )
    )


def counts() -> dict[str, int]:
    number = sa.func.count(Message.id).label("number")
    rows = db.session.execute(sa.select(Message.status, number).group_by(Message.status))
    found = {row.status: row.number for row in rows}
    return {status.value: found.get(status.value, 0) for status in Status}


# Every home page or customer's page asks these, and putting them together takes longer than answering them.

_OF_CUSTOMER = prepared(
    sa.select(Message)
    .where(Message.customer_id == sa.bindparam("customer"))
    .options(joinedload(Message.acknowledged_by), joinedload(Message.created_by), joinedload(Message.attempts))
    .order_by(Message.send_at.desc(), Message.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)

_beat = LAST_BEAT.subquery()
_NOTICES = prepared(
    sa.select(BlockedSender, _beat.c.at, _beat.c.is_recent)
    .select_from(_beat)
    .outerjoin(BlockedSender, BlockedSender.dismissed_at.is_(None))
    .order_by(BlockedSender.channel)
)
"""The last beat, joined with each refused sender whose notice is not dismissed."""

_NEXT = prepared(
    sa.select(
        Message.customer_id,
        Message.id,
        Message.channel,
        Message.send_at,
        Message.status,
        (Message.send_at <= db_now()).label("is_due"),
        Message.acknowledged_at,
    )
    # `next_message_at` is kept with the messages, so it leads to the one that it comes from. Which of the few at
    # that time it is, is not asked of the database: SQLite would read through all messages in these states.
    .join(Customer, sa.and_(Customer.id == Message.customer_id, Customer.next_message_at == Message.send_at))
    .where(one_of(Customer.id, "customers"))
)


_REMINDERS = prepared(
    sa.select(Message, Customer)
    .join(Customer, Customer.id == Message.customer_id)
    .where(one_of(Message.id, "messages"))
)
