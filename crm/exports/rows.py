"""Rows of an export: the ids first, in the list's order, then their columns by a thousand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.models import Organization
from crm.exports.formats import Setting, Sheet
from crm.kernel.columns import one_of
from crm.kernel.exports import Export, Pack
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.values import clock

AT_ONCE = 1_000
"""Rows per statement."""


def exports() -> dict[str, Export]:
    return {export.what: export for export in catalog().exports}


def packs() -> dict[str, Pack]:
    return catalog().packs


def sheet_of(export: Export, organization: Organization) -> Sheet:
    setting = Setting(clock.zone(organization.time_zone), organization.currency, organization.locale)
    return Sheet(str(export.label), export.columns, setting)


def rows_of(
    export: Export, ids: Sequence[int], written: Callable[[int], object] = lambda number: None
) -> Iterator[Sequence[Any]]:
    """Read the rows of ids in their order; `written` hears how many have been passed on."""
    statement = sa.select(export.key, *(column.value for column in export.columns))
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        found = {row[0]: row[1:] for row in db.session.execute(statement.where(one_of(export.key, some)))}
        yield from (found[id_] for id_ in some if id_ in found)
        written(start + len(some))
