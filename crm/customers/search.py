"""Find customers by a search text, through the index of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer, CustomerSearch
from crm.customers.search_text import Term, fts_phrase, like_pattern, terms
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization

MAX_COUNT = 10_000
SCAN_THRESHOLD = 20_000
"""In organizations up to this size, terms of one or two characters are found anywhere in a word, by a scan."""

Condition = sa.ColumnElement[bool]


def find_ids(query: str) -> list[int] | None:
    """Return the ids that a search finds, of other organizations too; None when more than 10,000 share it."""
    wanted = terms(query)
    found = ids_with(wanted) if wanted else []
    return found if len(found) <= MAX_COUNT else None


def find_among(ids: list[int], query: str) -> set[int]:
    return ids_with_among(ids, terms(query))


def matching(query: str) -> list[Condition]:
    wanted = terms(query)
    if not wanted:
        return []
    ids = find_ids(query)
    if ids is not None:
        return [one_of(Customer.id, ids)]
    text = sa.select(CustomerSearch.customer_id).where(CustomerSearch.customer_id == Customer.id, *_likes(wanted))
    return [text.exists()]


def count_to(statement: Any, limit: int) -> int:
    counted = statement.limit(limit).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def ids_with(wanted: Sequence[Term]) -> list[int]:
    """Return up to MAX_COUNT + 1 ids; few ones may be of other organizations, which SQLite's index doesn't know."""
    here = CustomerSearch.organization_id == require_organization()
    if all(_is_short(term) for term in wanted) and _is_small():
        conditions = [here, *_likes([Term(term.needle.strip()) for term in wanted])]
    elif db.engine.dialect.name == "postgresql":
        conditions = [here, *_likes(wanted)]
    else:
        indexed = _indexed(wanted)
        ids = db.session.scalars(indexed.limit(MAX_COUNT + 1)).all()
        if len(ids) <= MAX_COUNT:
            return list(ids)
        conditions = [here, CustomerSearch.customer_id.in_(indexed)]
    return list(db.session.scalars(sa.select(CustomerSearch.customer_id).where(*conditions).limit(MAX_COUNT + 1)))


def _indexed(wanted: Sequence[Term]) -> sa.Select[Any]:
    index = sa.table("customer_search_fts", sa.column("rowid"), sa.column("customer_search_fts"))
    phrases = " AND ".join(fts_phrase(term) for term in wanted)
    return sa.select(index.c.rowid).where(index.c.customer_search_fts.op("MATCH")(phrases))


def ids_with_among(ids: list[int], wanted: Sequence[Term]) -> set[int]:
    statement = sa.select(CustomerSearch.customer_id).where(
        CustomerSearch.organization_id == require_organization(), one_of(CustomerSearch.customer_id, ids)
    )
    return set(db.session.scalars(statement.where(*_likes(wanted))))


def _is_short(term: Term) -> bool:
    return len(term.needle.strip()) < 3


def _is_small() -> bool:
    statement = sa.select(CustomerSearch.customer_id).where(CustomerSearch.organization_id == require_organization())
    return count_to(statement, SCAN_THRESHOLD + 1) <= SCAN_THRESHOLD


def _likes(wanted: Sequence[Term]) -> list[Condition]:
    return [_like(like_pattern(term)) for term in wanted]


def _like(pattern: str) -> Condition:
    return CustomerSearch.text.like(pattern, escape="\\")
