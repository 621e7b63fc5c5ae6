"""The parts of the home page."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Hashable
from typing import Any, NamedTuple

from crm.accounts.access import here
from crm.accounts.models import Branch
from crm.customers.filters import LAST_ROW_BY_PAGE, Chip, Filters
from crm.customers.queries import CustomerPage, page_of
from crm.customers.search import MAX_COUNT
from crm.kernel.extensions import db
from crm.messages.queries import NextMessage, SendingNotices, next_messages, notices
from crm.reminders.queries import First, first
from crm.reminders.rules import Day, When
from crm.values.language import gettext as _
from crm.web.filters import number

REMINDERS = 5
"""Reminders on the home page."""


class Attention(NamedTuple):
    """`coming` is the first reminder ahead, where none is due."""

    notices: SendingNotices
    due: First
    coming: First | None
    evening: bool

    @property
    def number(self) -> int:
        return self.due.number

    @property
    def shown(self) -> Hashable:
        return self.due.marks, self.coming and self.coming.marks, self.evening

    @property
    def version(self) -> str:
        """Return a value that changes with what is shown; open pages poll with it."""
        shown = [self.notices.silence, [(row.id, row.reason) for row in self.notices.refused], self.shown]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


class CustomerList(NamedTuple):
    """A page of customers with the message of each by customer id, without changes after `as_of`."""

    filters: Filters
    page: CustomerPage
    messages: dict[int, NextMessage]
    chips: list[Chip]
    as_of: dt.datetime

    @property
    def shown(self) -> Hashable:
        page = self.page
        rows, messages = tuple(map(tuple, page.rows)), tuple(self.messages.items())
        return page.count, page.after, page.before, tuple(self.chips), rows, messages

    @property
    def is_part(self) -> bool:
        """Whether somebody looks for something here, so that the list comes first on the page."""
        return self.filters.narrowed or bool(self.filters.after or self.filters.before or self.filters.page > 1)

    @property
    def total(self) -> str:
        count = self.page.count
        return "" if count is None else _("10,000+") if count > MAX_COUNT else number(count)

    @property
    def range(self) -> str:
        first = self._first_row
        return (
            f"{number(first)}\N{EN DASH}{number(first + len(self.page.rows) - 1)}" if first and self.page.rows else ""
        )

    @property
    def range_of_all(self) -> str:
        return _("%(rows)s of %(total)s", rows=self.range, total=self.total) if self.range and self.total else ""

    @property
    def newer(self) -> dict[str, Any] | None:
        return self._beside(before=self.page.before, page=self.filters.page - 1) if self.page.before else None

    @property
    def older(self) -> dict[str, Any] | None:
        return self._beside(after=self.page.after, page=self.filters.page + 1) if self.page.after else None

    def _beside(self, *, page: int, **cursor: str) -> dict[str, Any]:
        """Return the query of a page beside this one; its number beside the cursor only says how far it is."""
        known = self._first_row and 1 < page <= LAST_ROW_BY_PAGE // self.filters.per_page
        return self.filters.query(**cursor, page=page if known else 1)

    @property
    def _first_row(self) -> int | None:
        """Return the number of the first row in the list, None where nobody counted up to it."""
        page, filters = self.page, self.filters
        if not page.before:
            return 1
        if page.count is None or (filters.terms and page.count > MAX_COUNT):
            return None
        if not page.after and page.count <= MAX_COUNT:
            return page.count - len(page.rows) + 1
        return (filters.page - 1) * filters.per_page + 1 if filters.page > 1 else None


def attention(day: Day) -> Attention:
    due = first(day.part(When.NOW), REMINDERS)
    return Attention(notices(), due, None if due.places else first(day.ahead(), 1, 1), day.has_evening)


def customer_list(filters: Filters, in_all: int | None = None) -> CustomerList:
    """Return a page of customers; `in_all` is their number, where it is known."""
    page = page_of(filters, in_all)
    messages = next_messages([row.id for row in page.rows if row.next_message_at is not None])
    return CustomerList(filters, page, messages, _chips(filters), here().since)


def _chips(filters: Filters) -> list[Chip]:
    branch = db.session.get(Branch, filters.branch) if filters.branch else None
    return filters.chips({"branch": branch.name if branch else _("No such branch")})
