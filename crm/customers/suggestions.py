"""Suggestions for filters: values of a column that begin as typed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.people.contact_fields import sort_key
from crm.values.text import clean_line

MAX_SUGGESTIONS = 20


def cities_like(start: str) -> list[str]:
    return values_like(Customer.city, Customer.city_key, start)


def provinces_like(start: str) -> list[str]:
    return values_like(Customer.province, Customer.province_key, start)


def values_like(shown: Any, folded: Any, start: str) -> list[str]:
    """Return distinct values that begin with `start`; each step looks up the next one in the index."""
    key = sort_key(clean_line(start))
    conditions = [folded >= key, folded < key + "\U0010ffff"] if key else [folded > ""]
    found: list[str] = []
    while len(found) < MAX_SUGGESTIONS:
        row = db.session.execute(sa.select(shown, folded).where(*conditions).order_by(folded).limit(1)).first()
        if row is None:
            break
        found.append(row[0])
        conditions = [*conditions[1:], folded > row[1]] if key else [folded > row[1]]
    return found
