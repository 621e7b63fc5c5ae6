"""The parts of the home page."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Hashable
from typing import NamedTuple

from crm.accounts.access import here
from crm.accounts.models import Branch
from crm.customers.filters import Chip, Filters
from crm.customers.queries import CustomerPage, page_of
from crm.inbox.queries import Unread, unread_among_reminders
from crm.kernel.extensions import db
from crm.leads.queries import DueLeads, due_leads
from crm.messages.queries import NextMessage, Reminders, SendingNotices, due_reminders, next_messages, notices
from crm.web.filters import today


class Attention(NamedTuple):
    notices: SendingNotices
    reminders: Reminders
    leads: DueLeads
    inbox: Unread

    @property
    def number(self) -> int:
        return self.reminders.count + self.leads.count + self.inbox.count

    @property
    def version(self) -> str:
        """Return a value that changes with what is shown; open pages poll with it."""
        shown = [
            self.notices.silence,
            [(row.id, row.reason) for row in self.notices.refused],
            self.reminders.count,
            self.reminders.marks,
            self.leads.count,
            self.leads.marks,
            self.inbox.marks,
        ]
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


class CustomerList(NamedTuple):
    """A page of customers with the message of each by customer id, without changes after `as_of`."""

    page: CustomerPage
    messages: dict[int, NextMessage]
    chips: list[Chip]
    as_of: dt.datetime

    @property
    def shown(self) -> Hashable:
        page = self.page
        rows, messages = tuple(map(tuple, page.rows)), tuple(self.messages.items())
        return page.count, page.after, page.before, tuple(self.chips), rows, messages


def attention() -> Attention:
    return Attention(notices(), due_reminders(), due_leads(today()), unread_among_reminders())


def customer_list(filters: Filters, in_all: int | None = None) -> CustomerList:
    """Return a page of customers; `in_all` is their number, where it is known."""
    page = page_of(filters, in_all)
    messages = next_messages([row.id for row in page.rows if row.next_message_at is not None])
    return CustomerList(page, messages, _chips(filters), here().since)


def _chips(filters: Filters) -> list[Chip]:
    branch = db.session.get(Branch, filters.branch) if filters.branch else None
    return filters.chips({"branch": branch.name if branch else "No such branch"})
