"""Reads of the inbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.kernel.extensions import db
from crm.messages.channels.base import Owner
from crm.messages.channels.registry import all_kinds
from crm.messages.inbound_models import InboundMessage
from crm.values.language import gettext as _
from crm.web.lists import PAGE_SIZE, Page, page_of, within_pages


@dataclass(frozen=True, slots=True)
class InboxEntry:
    text: InboundMessage
    owners: list[Owner]

    @property
    def customer(self) -> Owner | None:
        return self.owners[0] if self.owners else None

    @property
    def customer_ids(self) -> list[int]:
        return [owner.id for owner in self.owners]

    @property
    def number(self) -> str:
        """The sender for readers: an address, or what else the provider gives."""
        return self.text.channel.addresses.shown(self.text.sender) if self.text.sender else self.text.sender_id

    @property
    def name(self) -> str:
        return ", ".join(owner.name for owner in self.owners) or self.number or _("Unknown sender")

    @property
    def link(self) -> str | None:
        return self.text.channel.link(self.text.sender, "") if self.text.has_address else None


def page_of_inbox(number: int) -> Page[InboxEntry]:
    """Return unread texts, then done ones, each the latest first."""
    number = within_pages(number)
    first, wanted = (number - 1) * PAGE_SIZE, PAGE_SIZE + 1
    rows = list(_read(InboundMessage.done_at.is_(None), first, wanted))
    if len(rows) < wanted:
        # To count them is slow for a member who is bound to a branch, and what was read says it on most pages.
        unread = first + len(rows) if rows or not first else _count_all_unread()
        rows += _read(InboundMessage.done_at.is_not(None), max(first - unread, 0), wanted - len(rows))
    return page_of(entries_of(rows), number)


def entries_of(texts: Sequence[InboundMessage]) -> list[InboxEntry]:
    owners = {
        kind.kind: kind.owners_by_address(text.sender for text in texts if text.channel.addresses is kind)
        for kind in all_kinds()
    }
    return [InboxEntry(text, owners[text.channel.addresses.kind].get(text.sender, [])) for text in texts]


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
