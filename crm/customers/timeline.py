"""What happened to a customer, from the events: features register the words of theirs."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import aliased

from crm.accounts.models import User
from crm.accounts.queries import branches
from crm.customers.models import Customer
from crm.kernel.db import prepared
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.web.filters import local_day

PAGE = 20
LONGEST = 80


class Happened(NamedTuple):
    """An event for which words are wanted; `branches` are the names of the branches that are there."""

    action: str
    changes: Mapping[str, Sequence[Any]]
    customer_id: int
    subject_id: int
    branches: Mapping[int, str]

    def before(self, field: str) -> Any:
        """Return what a field was, None for nothing."""
        return self.changes.get(field, (None, None))[0]

    def after(self, field: str) -> Any:
        """Return what a field became, None for nothing."""
        return self.changes.get(field, (None, None))[1]

    def link(self, text: str, anchor: str) -> Markup:
        """Return a link to the place on the customer's page that shows the thing."""
        page = url_for("customers.show", customer_id=self.customer_id, _anchor=f"{anchor}-{self.subject_id}")
        return Markup('<a href="{}">{}</a>').format(page, text)


class Told(NamedTuple):
    """An event in words, and lines of detail; `by` says who did it where it was no user."""

    said: str
    lines: Sequence[str] = ()
    by: str = "automatically"


class Entry(NamedTuple):
    """A line of the timeline."""

    id: int
    at: dt.datetime
    told: Told
    by: str


class Timeline(NamedTuple):
    """Events, the latest first, and the id from which on the older ones are asked for, if there are any."""

    customer_id: int
    rows: Sequence[Any]
    older: int | None
    branches: Mapping[int, str]

    @property
    def shown(self) -> Hashable:
        """What decides how it looks, besides the reader: events never change, but users' and branches' names do."""
        users = tuple((row.id, row.name or row.username) for row in self.rows)
        return self.customer_id, users, self.older, tuple(self.branches.items())

    def days(self) -> Iterator[tuple[dt.date, list[Entry]]]:
        """Yield the entries by the organization's days."""
        for day, rows in itertools.groupby(self.rows, key=lambda row: local_day(row.at)):
            yield day, [self._entry(row) for row in rows]

    @property
    def last_day(self) -> dt.date | None:
        """The day of the last entry."""
        return local_day(self.rows[-1].at) if self.rows else None

    def _entry(self, row: Any) -> Entry:
        happened = Happened(row.action, row.changes, self.customer_id, row.subject_id, self.branches)
        words: Words | str = catalog().activity.get(row.action, _unworded)
        told = Told(words) if isinstance(words, str) else words(happened)
        return Entry(row.id, row.at, told, f"by {row.name or row.username}" if row.username else told.by)


Words = Callable[[Happened], Told]
"""How an event is told; a string tells it in the same words each time."""


def timeline_of(customer_id: int, before: int | None = None, limit: int = PAGE) -> Timeline:
    """Return what happened to a customer, from the latest on or from what was before the event `before`."""
    statement = _OF_CUSTOMER if before is None else _OF_CUSTOMER.where(_earlier_than(before))
    rows = db.session.execute(statement, {"customer": customer_id, "most": limit + 1}).all()
    moved = any("branch_id" in row.changes for row in rows)
    names = {branch.id: branch.name for branch in branches()} if moved else {}
    return Timeline(customer_id, rows[:limit], rows[limit - 1].id if len(rows) > limit else None, names)


def panel_data(customer: Customer) -> dict[str, Any]:
    """Return what the panel on the customer's page shows."""
    return {"timeline": timeline_of(customer.id)}


def shortened(text: str) -> str:
    """Return a text in quotation marks, cut where it is long."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + '…'}”"


_OF_CUSTOMER = prepared(
    sa.select(Event.id, Event.at, Event.action, Event.subject_id, Event.changes, User.name, User.username)
    .outerjoin(User, User.id == Event.actor_id)
    .where(Event.customer_id == sa.bindparam("customer"))
    .order_by(Event.at.desc(), Event.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def _earlier_than(event_id: int) -> sa.ColumnElement[bool]:
    last = aliased(Event)
    at = sa.select(last.at).where(last.id == event_id).scalar_subquery()
    return sa.or_(Event.at < at, sa.and_(Event.at == at, Event.id < event_id))


def _unworded(happened: Happened) -> Told:
    """Tell of an event that an older or newer version of the product recorded."""
    return Told(happened.action.replace(".", " ").replace("_", " ").capitalize())
