"""Reads of the rows of any feature that point to a branch, and the words for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from babel.lists import format_list

from crm.accounts.models import Branch
from crm.accounts.queries import current_organization, every_model
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization
from crm.values import language, money
from crm.values.language import gettext as _
from crm.values.language import ngettext

MAX_COUNT = 10_000

_NOUNS: dict[str, Callable[[int, str], str]] = {
    "customers": lambda n, num: ngettext("%(num)s customer", "%(num)s customers", n, num=num),
    "memberships": lambda n, num: ngettext("%(num)s user", "%(num)s users", n, num=num),
    "invitations": lambda n, num: ngettext("%(num)s invitation", "%(num)s invitations", n, num=num),
    "leads": lambda n, num: ngettext("%(num)s lead", "%(num)s leads", n, num=num),
    "bookings": lambda n, num: ngettext("%(num)s booking", "%(num)s bookings", n, num=num),
    "area_customers": lambda n, num: ngettext("%(num)s contact by area", "%(num)s contacts by area", n, num=num),
}
"""By table, the words for a number of its rows; others are counted as records."""


def uses_of_branch(branch_id: int) -> str:
    """Return like "12 customers and 1 user" the rows of any feature with a foreign key to the branch, or ""."""
    uses = []
    for model in every_model():
        for key in model.__table__.foreign_key_constraints:
            if key.referred_table is Branch.__table__:
                column = next(element.parent for element in key.elements if element.column.name == "id")
                uses.append(_count_in_words(model, column == branch_id))
    return format_list([use for use in uses if use], locale=language.date_locale(current_organization().locale))


def in_use(branch: str, uses: str) -> str:
    return _("%(branch)s still has %(uses)s. Move them to another branch first.", branch=branch, uses=uses)


def _count_in_words(model: Any, condition: sa.ColumnElement[bool]) -> str:
    rows = sa.select(model.id).where(condition, model.organization_id == require_organization())
    count = db.session.scalar(sa.select(sa.func.count()).select_from(rows.limit(MAX_COUNT + 1).subquery())) or 0
    if not count:
        return ""
    number = money.format_number(min(count, MAX_COUNT), current_organization().locale)
    noun = _NOUNS.get(model.__tablename__, _records)
    return noun(count, f"{number}+" if count > MAX_COUNT else number)


def _records(count: int, number: str) -> str:
    return ngettext("%(num)s record", "%(num)s records", count, num=number)
