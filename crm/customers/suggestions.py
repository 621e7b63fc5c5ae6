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
    """Return up to 20 cities of the organization's customers that begin with `start`."""
    return values_like(Customer.city, Customer.city_key, start)


def provinces_like(start: str) -> list[str]:
    """Return up to 20 provinces of the organization's customers that begin with `start`."""
    return values_like(Customer.province, Customer.province_key, start)


def values_like(shown: Any, folded: Any, start: str) -> list[str]:
    """Return up to 20 values of a column that begin with `start`, one of each.

    They are found by stepping from one to the next along the index of the folded ones.
    """
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
