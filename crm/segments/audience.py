"""Whom a saved query of the list of customers matches now, and what is wrong with one that matches nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Branch
from crm.consents.reach import Reach, count_reach
from crm.customers.filters import NARROWING, Chip, Filters
from crm.customers.models import Customer
from crm.customers.search import matching
from crm.kernel.branch_scope import all_branches, bound_branch
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.values.choices import NO_FILTER
from crm.values.language import gettext as _

OF_PAGES = ("sort", "page", "per_page", "after", "before", "select")
"""Parameters of the list's URL that say nothing of who is in it."""

MOST = 40
"""Characters of a stranger's word in a sentence."""


@dataclass(frozen=True)
class Audience:
    """problem: why nobody matches, "" where nothing is wrong with the query."""

    filters: Filters
    problem: str

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions of customers who match."""
        if self.problem:
            return [sa.false()]
        return [*self.filters.conditions(), *matching(self.filters.q)]

    def count(self) -> int:
        return db.session.scalars(sa.select(sa.func.count(Customer.id)).where(*self.conditions())).one()

    def reach(self) -> Mapping[Channel, Mapping[Reach, int]]:
        """Count by channel who can be reached for marketing, and who can't and why."""
        return {channel: count_reach(channel, self.conditions()) for channel in all_channels()}

    def chips(self) -> list[Chip]:
        """Describe the query."""
        branch = db.session.get(Branch, self.filters.branch) if self.filters.branch else None
        search = [Chip("q", _("Search"), self.filters.q)] if self.filters.q else []
        return search + self.filters.chips({"branch": branch.name if branch else _("No such branch")})


def audience_of(query: Mapping[str, Any]) -> Audience:
    """Read a saved query."""
    texts = {name: str(value) for name, value in query.items()}
    filters = Filters.from_args({name: value for name, value in texts.items() if name not in OF_PAGES})
    return Audience(filters, _problem(texts, filters))


def stored(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what is kept of a query, with the branch of whoever sees one branch only."""
    found, bound = audience_of(query).filters.stored(), bound_branch()
    return found | ({"branch": str(bound)} if bound else {})


def _problem(query: Mapping[str, str], filters: Filters) -> str:
    further = catalog().customer_filters
    for name, value in query.items():
        if value in NO_FILTER or name in OF_PAGES or name == "q":
            continue
        if name not in NARROWING and name not in further:
            return _("There is no filter “%(name)s” any more.", name=name[:MOST])
        needed = further[name].of if name in further else ""
        if needed and not query.get(needed):
            return _("The filter “%(name)s” needs “%(other)s” beside it.", name=name, other=needed)
    return filters.unknown or _branch_problem(query.get("branch", ""), filters.branch)


def _branch_problem(asked: str, branch_id: int | None) -> str:
    if bound_branch() and asked not in (*NO_FILTER, str(bound_branch())):
        return _("It is about another branch than yours.")
    with all_branches():
        is_gone = branch_id is not None and db.session.get(Branch, branch_id) is None
    return _("The branch of this filter was deleted.") if is_gone else ""
