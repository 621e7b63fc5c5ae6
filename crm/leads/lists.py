"""The lists of leads: what is to do next first, tabs with their counts, and the board. All of it is bounded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.access import here
from crm.accounts.models import Membership
from crm.customers.search import find_ids
from crm.customers.search_text import like_pattern, terms
from crm.kernel.columns import constant, one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import current_actor, require_organization
from crm.leads.models import Lead, LeadStatus
from crm.leads.rules import week_of
from crm.values import clock
from crm.values.choices import unknown_choice
from crm.values.language import N_
from crm.values.text import clean_line
from crm.web.lists import PAGE_SIZE, Page, page_of, within_pages

SEARCHED, SEARCHED_BRIEFLY = 20_000, 2_000
"""A search reads the latest leads, and those of the customers it finds."""

COUNTED = 1_000
"""The highest exact count of a tab or a column."""

IN_COLUMN = 20
OPEN, ALL = "open", "all"
NO_SOURCE = "-"
FOLLOW_UPS = {"overdue": N_("Overdue"), "today": N_("Today"), "week": N_("This week")}
VIEWS = {"board": N_("Board")}
TABS = (OPEN, "overdue", "today")
"""Those that are counted."""

TAB_LABELS = {OPEN: N_("Open"), ALL: N_("All"), **FOLLOW_UPS}
CLOSED = (LeadStatus.CONVERTED, LeadStatus.LOST)

Condition = sa.ColumnElement[bool]


class LeadFilter(NamedTuple):
    """A list of leads by the query of a URL.

    status: one of LeadStatus, `open`, or `all`; open leads by default, all where something is searched.
    source: as it is kept; NO_SOURCE for leads without one.
    """

    status: str = ""
    follow_up: str = ""
    q: str = ""
    mine: bool = False
    view: str = ""
    unknown: str = ""
    searched: int = SEARCHED
    source: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> LeadFilter:
        """Read the query of a URL; an unknown choice matches nothing, and `unknown` says so."""
        return cls(
            args.get("status", ""),
            args.get("follow_up", ""),
            clean_line(args.get("q", ""))[:200],
            args.get("mine") == "1",
            args.get("view", ""),
            unknown_choice(args, status=(OPEN, ALL, *LeadStatus), follow_up=FOLLOW_UPS, mine=("1",), view=VIEWS),
            source=clean_line(args.get("source", ""))[:40],
        )

    @property
    def tab(self) -> str:
        """Return which leads are meant: a status, `open`, `all`, or a time of the next follow-up."""
        if self.unknown:
            return ALL
        return self.follow_up or self.status or (ALL if self.q else OPEN)

    @property
    def is_board(self) -> bool:
        return self.view == "board"

    def query(self, **changed: Any) -> dict[str, Any]:
        """Return the query of this list, or of one that differs in `changed`."""
        wanted = self._replace(**changed)
        values = wanted._asdict() | {"mine": "1" if wanted.mine else "", "unknown": "", "searched": ""}
        return {name: value for name, value in values.items() if value}

    def on_tab(self, tab: str) -> dict[str, Any]:
        follow_up, status = (tab, "") if tab in FOLLOW_UPS else ("", "" if tab == OPEN and not self.q else tab)
        return self.query(status=status, follow_up=follow_up, view="")

    def conditions(self) -> list[Condition]:
        """Return the conditions that all tabs share."""
        conditions = self._of_whom()
        return [*conditions, Lead.id.in_(_about(self.q, conditions, self.searched))] if self.q else conditions

    def searched_once(self) -> list[Condition]:
        """Return the conditions for several statements, with the ids that the search finds."""
        conditions = self._of_whom()
        if not self.q:
            return conditions
        ids = db.session.scalars(_about(self.q, conditions, self.searched)).all()
        return [*conditions, one_of(Lead.id, sorted(set(ids)))]

    def _of_whom(self) -> list[Condition]:
        conditions: list[Condition] = [sa.false()] if self.unknown else []
        if self.mine:
            conditions.append(Lead.assigned_to_id == current_actor())
        if self.source:
            conditions.append(Lead.source == ("" if self.source == NO_SOURCE else self.source))
        return conditions


class Tab(NamedTuple):
    """`number` is how many leads it has, up to COUNTED + 1; None where they aren't counted."""

    key: str
    label: str
    number: int | None = None


class Column(NamedTuple):
    status: LeadStatus
    leads: Sequence[Lead]
    number: int


class Tabs(NamedTuple):
    rows: Sequence[Tab]
    has_colleagues: bool


def page_of_leads(wanted: LeadFilter, conditions: Sequence[Condition], number: int) -> Page[Lead]:
    number = within_pages(number)
    skip, most = (number - 1) * PAGE_SIZE, PAGE_SIZE + 1
    statement = _ordered(wanted.tab, conditions, skip + most).offset(skip).limit(most)
    return page_of(list(db.session.scalars(statement)), number, wanted)


def ids_of(query: Mapping[str, str]) -> list[int]:
    """Return the leads of a list, all for no query, by their next follow-up."""
    wanted = LeadFilter.from_args(query or {"status": ALL})
    statement = sa.select(Lead.id).where(*_of_tab(wanted.tab), *wanted.conditions())
    at = Lead.next_follow_up_at
    return list(db.session.scalars(statement.order_by(at.is_(None), at, Lead.id)))


def board(conditions: Sequence[Condition]) -> list[Column]:
    """Return the first leads of each status, with how many there are."""
    counts = db.session.execute(sa.select(*(_count([*_of_tab(status), *conditions]) for status in LeadStatus))).one()
    columns = []
    for status, count in zip(LeadStatus, counts, strict=True):
        found = list(db.session.scalars(_ordered(status, conditions, IN_COLUMN))) if count else []
        columns.append(Column(status, found, count))
    return columns


def tabs_of(wanted: LeadFilter, conditions: Sequence[Condition]) -> Tabs:
    """Return the tabs, with the one that is open, and whether more than one person works here."""
    colleagues = (
        sa.select(sa.func.count() > 1)
        .where(Membership.organization_id == require_organization(), Membership.disabled_at.is_(None))
        .scalar_subquery()
    )
    zone = _zone()
    counts = (_count([*_of_tab(tab, zone), *conditions]) for tab in TABS)
    *numbers, has_colleagues = db.session.execute(sa.select(*counts, colleagues)).one()
    tabs = [Tab(key, TAB_LABELS[key], number) for key, number in zip(TABS, numbers, strict=True)]
    tabs += [Tab(status, status.label) for status in CLOSED]
    if not wanted.is_board and wanted.tab not in (tab.key for tab in tabs):
        tabs.append(Tab(wanted.tab, TAB_LABELS.get(wanted.tab) or LeadStatus(wanted.tab).label))
    return Tabs(tabs, bool(has_colleagues))


def has_any() -> bool:
    return db.session.scalar(sa.select(Lead.id).limit(1)) is not None


def found(status: str, assigned_to: int | None, q: str, searched: int = SEARCHED) -> sa.Select[Lead]:
    """Return the leads of a query of the API, the latest first."""
    wanted = LeadFilter(q=q, searched=searched)
    statement = sa.select(Lead).where(*(_of_tab(status or ALL)), *wanted.conditions()).order_by(Lead.id.desc())
    return statement if assigned_to is None else statement.where(Lead.assigned_to_id == assigned_to)


def _about(q: str, conditions: Sequence[Condition], searched: int) -> sa.CompoundSelect[Any]:
    """Select the ids of leads of customers that the search finds, and of the latest leads by their own text.

    To test an OR, SQLite would walk through all leads in their order.
    """
    latest = sa.select(Lead.id, Lead.search_text).where(*conditions).order_by(Lead.id.desc()).limit(searched).subquery()
    likes = [latest.c.search_text.like(like_pattern(term), escape="\\") for term in terms(q)]
    found: list[sa.Select[Any]] = [sa.select(latest.c.id).where(*likes)]
    if customers := find_ids(q):
        found.append(sa.select(Lead.id).where(one_of(Lead.customer_id, customers)))
    return sa.union_all(*found)


def _ordered(tab: str, shared: Sequence[Condition], most: int) -> sa.Select[Any]:
    """Sort a list: those who are open by their next follow-up and without one last, others the newest first."""
    statement = sa.select(Lead).options(joinedload(Lead.branch), joinedload(Lead.assigned_to)).limit(most)
    at, by_id, conditions = Lead.next_follow_up_at, Lead.id.desc(), [*_of_tab(tab), *shared]
    if tab in FOLLOW_UPS:
        return statement.where(*conditions).order_by(at, Lead.id)
    if tab in (*CLOSED, ALL):
        return statement.where(*conditions).order_by(by_id)
    planned = sa.select(Lead.id, at.label("at")).where(*conditions, at.is_not(None)).order_by(at, Lead.id).limit(most)
    others = sa.select(Lead.id, at.label("at")).where(*conditions, at.is_(None)).order_by(by_id).limit(most)
    # Each half is read along an index; one that sorts nulls last is not to be had on both databases.
    rows = sa.union_all(*(sa.select(half.subquery()) for half in (planned, others))).subquery()
    order = (rows.c.at.is_(None), rows.c.at, sa.case((rows.c.at.is_(None), -Lead.id), else_=Lead.id))
    return statement.join(rows, rows.c.id == Lead.id).order_by(*order)


def _zone() -> ZoneInfo:
    return clock.zone(here().organization.time_zone)


def _count(conditions: Sequence[Condition]) -> sa.ScalarSelect[int]:
    rows = sa.select(Lead.id).where(*conditions).limit(COUNTED + 1).subquery()
    return sa.select(sa.func.count()).select_from(rows).scalar_subquery()


def _of_tab(tab: str, zone: ZoneInfo | None = None) -> list[Condition]:
    if tab == ALL:
        return []
    # As the conditions of the partial indexes are written.
    if tab in FOLLOW_UPS:
        return [Lead.status != constant("lost"), Lead.next_follow_up_at.is_not(None), _next_is(tab, zone or _zone())]
    if tab in CLOSED:
        return [Lead.status == tab]
    is_open: list[Condition] = [Lead.status.in_([constant("new"), constant("contacted")])]
    return is_open if tab == OPEN else [*is_open, Lead.status == tab]


def _next_is(follow_up: str, zone: ZoneInfo) -> Condition:
    now = clock.utcnow()
    if follow_up == "overdue":
        return Lead.next_follow_up_at < now
    today = clock.to_local(now, zone).date()
    first, last = week_of(today) if follow_up == "week" else (today, today + dt.timedelta(days=1))
    start, end = (clock.at_or_after(dt.datetime.combine(day, dt.time()), zone) for day in (first, last))
    return sa.and_(Lead.next_follow_up_at >= start, Lead.next_follow_up_at < end)
