"""Customers for the search over everything; the queries are those of the list."""

from __future__ import annotations

from flask import url_for

from crm.customers.filters import Filters
from crm.customers.queries import page_of
from crm.kernel.branch_scope import bound_branch
from crm.kernel.manifest import Hit
from crm.web.filters import phone_number


def find(query: str, most: int) -> list[Hit]:
    rows = page_of(Filters(q=query, per_page=most, branch=bound_branch())).rows[:most]
    return [
        Hit(row.name, url_for("customers.show", customer_id=row.id), _details(row.phone, row.phone_valid, row.city))
        for row in rows
    ]


def _details(phone: str, valid: bool, city: str) -> tuple[str, ...]:
    return tuple(filter(None, (phone_number(phone, valid), city)))
