"""The list of area customers: search, filters and pages, bounded whatever the size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.area_customers.models import AreaCustomer
from crm.customers.search import find_ids
from crm.customers.search_text import like_pattern, terms
from crm.customers.suggestions import values_like
from crm.kernel.columns import one_of
from crm.people.contact_fields import sort_key
from crm.values.choices import NO_FILTER
from crm.values.language import gettext as _
from crm.values.text import clean_line
from crm.web.ids import id_in
from crm.web.lists import Page, as_query, read_page

SEARCHED = 20_000
"""A search reads the latest rows; older ones are found by their customer."""


class AreaFilter(NamedTuple):
    q: str = ""
    area: str = ""
    branch: int | None = None
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> AreaFilter:
        """Read the query of a URL; an unknown branch matches nothing, and `unknown` says so."""
        branch = id_in(args.get("branch"))
        unknown = _("There is no such branch.") if branch is None and args.get("branch", "") not in NO_FILTER else ""
        return cls(clean_line(args.get("q", ""))[:200], clean_line(args.get("area", ""))[:100], branch, unknown)

    @property
    def is_set(self) -> bool:
        return bool(self.q or self.area or self.branch or self.unknown)

    def query(self) -> dict[str, Any]:
        return as_query(self)

    def statement(self) -> sa.Select[AreaCustomer]:
        conditions: list[sa.ColumnElement[bool]] = [sa.false()] if self.unknown else []
        if self.area:
            conditions.append(AreaCustomer.area_key == sort_key(self.area))
        if self.branch:
            conditions.append(AreaCustomer.branch_id == self.branch)
        if self.q:
            conditions.append(_found(self.q, conditions))
        return sa.select(AreaCustomer).where(*conditions).order_by(AreaCustomer.id.desc())


def page_of(wanted: AreaFilter, number: int) -> Page[AreaCustomer]:
    statement = wanted.statement().options(joinedload(AreaCustomer.branch), joinedload(AreaCustomer.customer))
    return read_page(statement, wanted, number)


def areas_like(start: str) -> list[str]:
    """Return up to 20 areas that begin with `start`."""
    return values_like(AreaCustomer.area, AreaCustomer.area_key, start)


def _found(q: str, conditions: list[sa.ColumnElement[bool]]) -> sa.ColumnElement[bool]:
    latest = sa.select(AreaCustomer.id, AreaCustomer.search_text).where(*conditions)
    read = latest.order_by(AreaCustomer.id.desc()).limit(SEARCHED).subquery()
    said = [read.c.search_text.like(like_pattern(term), escape="\\") for term in terms(q)]
    found = AreaCustomer.id.in_(sa.select(read.c.id).where(*said))
    customers = find_ids(q)
    return found if customers is None else sa.or_(found, one_of(AreaCustomer.customer_id, customers))
