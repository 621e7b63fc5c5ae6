"""Filters and order of a list of customers, as its URL has them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.customers.search_text import Term, terms
from crm.kernel.branch_scope import bound_branch
from crm.kernel.manifest import catalog
from crm.values import clock
from crm.values.choices import NO_FILTER, unknown_choice
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import clean_line, fold

PER_PAGE = (25, 50, 100)
STATUSES = {
    "": N_("Active and inactive"),
    "active": N_("Active"),
    "inactive": N_("Inactive"),
    "archived": N_("Archived"),
}
SORTS = {
    "": N_("Next message"),
    "newest": N_("Newest"),
    "name": N_("Name"),
    "last-order": N_("Last order"),
    "spent": N_("Most spent"),
    "points": N_("Most points"),
}
NARROWING = {
    "tier": N_("Tier"),
    "status": N_("Status"),
    "city": N_("City"),
    "province": N_("Province"),
    "branch": N_("Branch"),
    "created": N_("New in"),
}
"""Labels of the filters by name."""

LAST_ROW_BY_PAGE = 10_000
NO_BRANCH = -1


class Chip(NamedTuple):
    name: str
    label: str
    value: str


class BeyondLastRowError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Filters:
    """A list's query. A filter with an unknown value matches nobody, and `unknown` is a sentence about it.

    `further` are names and values of the filters that manifests add.
    """

    q: str = ""
    tier: str = ""
    status: str = ""
    city: str = ""
    province: str = ""
    branch: int | None = None
    created: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = 50
    after: str = ""
    before: str = ""
    unknown: str = ""
    further: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> Filters:
        """Raise BeyondLastRowError for a page past row 10,000."""
        per_page = _number(args.get("per_page"), 50)
        per_page = per_page if per_page in PER_PAGE else 50
        page = _number(args.get("page"), 1)
        if page * per_page > LAST_ROW_BY_PAGE:
            raise BeyondLastRowError
        return cls(
            q=clean_line(args.get("q", ""))[:200],
            tier=_given(args.get("tier")),
            status=_given(args.get("status")),
            city=clean_line(args.get("city", ""))[:100],
            province=clean_line(args.get("province", ""))[:100],
            branch=bound_branch() or _branch(args.get("branch")),
            created=_given(args.get("created")),
            sort=_choice(args.get("sort"), SORTS),
            page=page,
            per_page=per_page,
            after=args.get("after", "")[:60],
            before=args.get("before", "")[:60],
            unknown=_unknown(args),
            further=tuple(_further(args).items()),
        )

    @property
    def terms(self) -> tuple[Term, ...]:
        return terms(self.q)

    @property
    def narrowed(self) -> bool:
        """Whether anything but the order was asked for, the branch that a user is bound to aside."""
        asked = dataclasses.replace(self, branch=None) if bound_branch() else self
        return bool(self.q or asked.narrowed_besides_search)

    @property
    def narrowed_besides_search(self) -> bool:
        return bool(self.further) or any(getattr(self, name) for name in NARROWING)

    @property
    def created_in_words(self) -> str:
        return clock.say_month(self.created) if _month(self.created) else self.created

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        if self.unknown:
            return [sa.false()]
        is_archived = self.status == "archived"
        found: list[sa.ColumnElement[bool]] = [
            Customer.archived_at.is_not(None) if is_archived else Customer.archived_at.is_(None)
        ]
        if is_archived:
            # A merged customer is only a pointer.
            found.append(Customer.merged_into_id.is_(None))
        if self.status:
            # Archived customers are inactive too; the condition lets SQLite choose the index of the few.
            found.append(Customer.is_active.is_(self.status == "active"))
        if self.tier:
            found.append(Customer.tier == self.tier)
        if self.city:
            found.append(Customer.city_key == fold(self.city))
        if self.province:
            found.append(Customer.province_key == fold(self.province))
        if self.branch:
            found.append(Customer.branch_id == self.branch)
        if self.created:
            found.append(Customer.created_month == self.created)
        given = dict(self.further)
        return [*found, *(catalog().customer_filters[name].condition(value, given) for name, value in self.further)]

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the URL's query with `changes`, without defaults and the own branch; a change drops the cursor."""
        own = {"branch": None} if bound_branch() else {}
        further = _further(dict(self.further) | {name: changes.pop(name) or "" for name in _added_to(changes)})
        values = vars(self) | own | {"after": "", "before": "", "page": 1, "unknown": "", "further": ()} | changes
        return {key: value for key, value in values.items() if value != getattr(Filters, key)} | further

    def chips(self, names: Mapping[str, str]) -> list[Chip]:
        """Describe the filters; `names` has the words of those that are ids."""
        months = {self.created: self.created_in_words}
        shown: dict[str, Mapping[str, str]] = {"tier": _tiers(), "status": STATUSES, "created": months}
        return [
            Chip(name, str(label), names.get(name) or str(shown.get(name, {}).get(value, value)))
            for name, label in NARROWING.items()
            if (value := getattr(self, name))
        ] + [
            Chip(name, str(added.label), added.words(value) or value)
            for name, value in self.further
            for added in [catalog().customer_filters[name]]
        ]

    def choices(self, name: str) -> list[tuple[str, str]]:
        """Return what a filter of a manifest may be chosen to be, and what it is."""
        added = catalog().customer_filters[name]
        offered, value = list(added.choices() if added.choices else ()), dict(self.further).get(name, "")
        is_other = value and value not in dict(offered)
        return [*offered, (value, added.words(value) or value)] if is_other else offered

    def stored(self) -> dict[str, str]:
        """Return what narrows the list, without order and pages, for `from_args`."""
        return {key: str(value) for key, value in self.query(sort="", per_page=Filters.per_page).items()}


@dataclasses.dataclass(frozen=True)
class Selection:
    """Single ids, or all that match `filters` except `excluded` and those changed since the list was read `as_of`."""

    ids: tuple[int, ...] = ()
    filters: Filters | None = None
    excluded: frozenset[int] = frozenset()
    as_of: dt.datetime | None = None

    @classmethod
    def of(cls, ids: Iterable[int]) -> Selection:
        return cls(ids=tuple(sorted(set(ids))))

    @classmethod
    def matching(cls, filters: Filters, excluded: Iterable[int] = (), as_of: dt.datetime | None = None) -> Selection:
        return cls(filters=filters, excluded=frozenset(excluded), as_of=as_of)


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) else default


def _tiers() -> dict[str, str]:
    return {tier.value: tier.label for tier in Tier}


def _month(text: str) -> str:
    return text if re.fullmatch(r"[12]\d{3}-(0[1-9]|1[0-2])", text, re.ASCII) else ""


def _given(text: str | None) -> str:
    value = clean_line(text or "")[:40]
    return "" if value in NO_FILTER else value


def _branch(text: str | None) -> int | None:
    return None if not _given(text) else _number(text, NO_BRANCH)


def _added_to(args: Mapping[str, Any]) -> list[str]:
    return [name for name in catalog().customer_filters if name in args]


def _further(args: Mapping[str, str]) -> dict[str, str]:
    """Return the values of filters that manifests add; one of another filter is none without it."""
    given = {name: value for name in _added_to(args) if (value := _given(args[name]))}
    filters = catalog().customer_filters
    return {name: value for name, value in given.items() if not filters[name].of or filters[name].of in given}


def _unknown(args: Mapping[str, str]) -> str:
    for name, value in _further(args).items():
        added = catalog().customer_filters[name]
        if added.words(value) is None:
            return _("There is no %(name)s “%(value)s”.", name=_(added.called), value=value)
    created = args.get("created", "")
    found = unknown_choice(args, tier=tuple(Tier), status=STATUSES, created=[_month(created)])
    is_branch = bound_branch() or _branch(args.get("branch")) != NO_BRANCH
    return found or ("" if is_branch else _("There is no such branch."))


def _choice(value: str | None, choices: Mapping[str, str]) -> str:
    return value if value and value in choices else ""
