"""Reads of what came in: the page of the inbox, and how many texts nobody has seen to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.kernel.columns import constant
from crm.kernel.db import prepared
from crm.kernel.extensions import db
from crm.messages.channels.base import Owner
from crm.messages.channels.registry import all_kinds
from crm.messages.inbound_models import InboundMessage

PAGE = 50
LAST_PAGE = 200

COUNTED = 100
"""Unread texts are counted exactly to one less than this."""

AMONG_REMINDERS = 5
"""How many unread texts at most stand among the reminders of the home page."""


@dataclass(frozen=True, slots=True)
class InboxEntry:
    """A text, and the customers whose number it came from."""

    text: InboundMessage
    owners: list[Owner]

    @property
    def customer(self) -> Owner | None:
        """The customer it is from; the first where several share the number."""
        return self.owners[0] if self.owners else None

    @property
    def customer_ids(self) -> list[int]:
        """The ids of the customers."""
        return [owner.id for owner in self.owners]

    @property
    def number(self) -> str:
        """The sender as people read it: an address, what else the provider gives, or its id of the user."""
        return self.text.channel.addresses.shown(self.text.sender) if self.text.sender else self.text.sender_id

    @property
    def name(self) -> str:
        """Who wrote: the customers' names, else the number."""
        return ", ".join(owner.name for owner in self.owners) or self.number or "Somebody"

    @property
    def link(self) -> str | None:
        """The link that opens an answer in the phone's own programs."""
        return self.text.channel.link(self.text.sender, "") if self.text.has_address else None


class InboxPage(NamedTuple):
    """A page of the inbox: what is unread first, then what somebody is done with, each the latest first."""

    entries: list[InboxEntry]
    number: int
    has_more: bool

    def query(self, number: int) -> dict[str, Any]:
        """Return the query of the URL of another page."""
        return {"page": number if number > 1 else None}


@dataclass(frozen=True, slots=True)
class Unread:
    """The unread texts that stand among the reminders, and how many there are in all."""

    entries: list[InboxEntry]
    count: int

    @property
    def marks(self) -> tuple[Any, ...]:
        """What changes when the list would say something else."""
        return self.count, tuple((entry.text.id, entry.text.is_asking, entry.name) for entry in self.entries)


def page_of_inbox(number: int) -> InboxPage:
    number = min(max(number, 1), LAST_PAGE)
    first = (number - 1) * PAGE
    rows = list(_read(InboundMessage.done_at.is_(None), first, PAGE + 1))
    if len(rows) <= PAGE:
        # To count them is slow for a member who is bound to a branch, and what was read says it on most pages.
        unread = first + len(rows) if rows or not first else _count_all_unread()
        rows += _read(InboundMessage.done_at.is_not(None), max(first - unread, 0), PAGE + 1 - len(rows))
    return InboxPage(entries_of(rows[:PAGE]), number, len(rows) > PAGE and number < LAST_PAGE)


def entries_of(texts: Sequence[InboundMessage]) -> list[InboxEntry]:
    """Return texts with the customers they are from."""
    owners = {
        kind.kind: kind.owners_by_address(text.sender for text in texts if text.channel.addresses is kind)
        for kind in all_kinds()
    }
    return [InboxEntry(text, owners[text.channel.addresses.kind].get(text.sender, [])) for text in texts]


def count_unread() -> int:
    return db.session.scalar(_UNREAD) or 0


def unread_among_reminders() -> Unread:
    rows = db.session.execute(_LATEST_UNREAD).all()
    return Unread(entries_of([row[0] for row in rows]), rows[0][1] if rows else 0)


def texts(*, unread: bool | None) -> sa.Select[InboundMessage]:
    statement = sa.select(InboundMessage).order_by(InboundMessage.sent_at.desc(), InboundMessage.id.desc())
    if unread is None:
        return statement
    return statement.where(InboundMessage.done_at.is_(None) if unread else InboundMessage.done_at.is_not(None))


def _read(condition: sa.ColumnElement[bool], first: int, most: int) -> Iterable[InboundMessage]:
    return db.session.scalars(
        _sorted(condition).options(joinedload(InboundMessage.done_by)).offset(first).limit(most)
    ).all()


def _sorted(condition: sa.ColumnElement[bool]) -> sa.Select[InboundMessage]:
    return sa.select(InboundMessage).where(condition).order_by(InboundMessage.sent_at.desc(), InboundMessage.id.desc())


def _count_all_unread() -> int:
    counted = sa.select(sa.func.count()).select_from(InboundMessage).where(InboundMessage.done_at.is_(None))
    return db.session.scalar(counted) or 0


_few = sa.select(InboundMessage.id).where(InboundMessage.done_at.is_(None)).limit(constant(COUNTED)).subquery()
_UNREAD = prepared(sa.select(sa.func.count()).select_from(_few))
_LATEST_UNREAD = prepared(
    _sorted(InboundMessage.done_at.is_(None))
    .add_columns(sa.select(sa.func.count()).select_from(_few).scalar_subquery())
    .limit(constant(AMONG_REMINDERS))
)
