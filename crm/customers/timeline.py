"""A customer's timeline: recorded events, in the words that features register."""

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
from crm.kernel.events import BY_CUSTOMER, Event
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.filters import local_day

PAGE_SIZE = 20
PANEL_SIZE = 5
MAX_QUOTE = 80
BY_SYSTEM = N_("by the system")


ERASED = "erased"
"""The one field of an event whose values an erasure has taken."""


class ActivityEvent(NamedTuple):
    """A recorded event; `branches` are the names of those that still exist."""

    action: str
    changes: Mapping[str, Sequence[Any]]
    customer_id: int
    subject_id: int
    branches: Mapping[int, str]

    def before(self, field: str) -> Any:
        return self.changes.get(field, (None, None))[0]

    def after(self, field: str) -> Any:
        return self.changes.get(field, (None, None))[1]

    def link(self, text: str, anchor: str) -> Markup:
        page = url_for("customers.show", customer_id=self.customer_id, _anchor=f"{anchor}-{self.subject_id}")
        return Markup('<a href="{}">{}</a>').format(page, text)


class Activity(NamedTuple):
    """An event in words, with lines of detail; `by` stands where no user did it.

    body: what somebody wrote, shown as a whole. edit, delete: URLs to change what it tells of, or to take it back.
    """

    text: str
    lines: Sequence[str] = ()
    by: str = BY_SYSTEM
    body: str = ""
    edit: str = ""
    delete: str = ""


ActivityText = Callable[[ActivityEvent], Activity]


class TimelineEntry(NamedTuple):
    id: int
    at: dt.datetime
    activity: Activity
    by: str


class Timeline(NamedTuple):
    """Events, the latest first; `older` is the id before which older ones follow, None at the end."""

    customer_id: int
    rows: Sequence[Any]
    older: int | None
    branches: Mapping[int, str]

    @property
    def fragment_key(self) -> Hashable:
        """Return what its HTML depends on: events change only by an erasure, but names of users and branches do."""
        erased = sum(ERASED in row.changes for row in self.rows)
        users = tuple((row.id, row.name or row.username) for row in self.rows)
        return self.customer_id, users, erased, self.older, tuple(self.branches.items())

    def days(self) -> Iterator[tuple[dt.date, list[TimelineEntry]]]:
        for day, rows in itertools.groupby(self.rows, key=lambda row: local_day(row.at)):
            yield day, [self._entry(row) for row in rows]

    @property
    def last_day(self) -> dt.date | None:
        return local_day(self.rows[-1].at) if self.rows else None

    def _entry(self, row: Any) -> TimelineEntry:
        changes = {name: values for name, values in row.changes.items() if name != BY_CUSTOMER}
        event = ActivityEvent(row.action, changes, self.customer_id, row.subject_id, self.branches)
        text: ActivityText | str = catalog().activity.get(row.action, _unknown_action)
        if isinstance(text, str):
            activity = Activity(text)
        else:
            activity = Activity(_("An entry whose details were erased")) if ERASED in row.changes else text(event)
        by = _("by %(name)s", name=row.name or row.username) if row.username else activity.by
        if BY_CUSTOMER in row.changes:
            by = _("by the customer")
        return TimelineEntry(row.id, row.at, activity, by)


def timeline_of(customer_id: int, before: int | None = None, limit: int = PAGE_SIZE) -> Timeline:
    statement = _OF_CUSTOMER if before is None else _OF_CUSTOMER.where(_earlier_than(before))
    rows = db.session.execute(statement, {"customer": customer_id, "most": limit + 1}).all()
    changed_branch = any("branch_id" in row.changes for row in rows)
    names = {branch.id: branch.name for branch in branches()} if changed_branch else {}
    return Timeline(customer_id, rows[:limit], rows[limit - 1].id if len(rows) > limit else None, names)


def panel_data(customer: Customer) -> dict[str, Any]:
    return {"timeline": timeline_of(customer.id, limit=PANEL_SIZE)}


def shortened(text: str) -> str:
    """Return a text in quotation marks, cut to `MAX_QUOTE` characters."""
    line = " ".join(text.split())
    return f"“{line if len(line) <= MAX_QUOTE else line[: MAX_QUOTE - 1].rstrip() + '…'}”"


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


def _unknown_action(event: ActivityEvent) -> Activity:
    """Show an event that another version of the product recorded."""
    return Activity(event.action.replace(".", " ").replace("_", " ").capitalize())
