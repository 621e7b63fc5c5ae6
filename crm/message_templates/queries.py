"""Reads of templates, and of what goes in the place of their fields."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.accounts.models import Organization
from crm.customers.filters import Filters
from crm.customers.models import Customer
from crm.customers.queries import page_of
from crm.kernel.extensions import db
from crm.message_templates.models import Template
from crm.values.text import clean_line, fold


def templates() -> list[Template]:
    return list(
        db.session.scalars(sa.select(Template).where(Template.deleted_at.is_(None)).order_by(Template.name_key))
    )


def template_called(name: str) -> Template | None:
    """Find by name, ignoring case."""
    return db.session.scalar(
        sa.select(Template).where(Template.name_key == key_of(name), Template.deleted_at.is_(None))
    )


def key_of(name: str) -> str:
    return fold(name)[:100]


def values_of(customer: Customer, organization: Organization) -> dict[str, str]:
    """Return the values of all fields for a customer."""
    return {
        "name": customer.name,
        "branch": customer.branch.name if customer.branch else organization.name,
        "organization": organization.name,
        "points": str(customer.loyalty_points),
    }


def someone_like(query: str) -> Customer | None:
    """Return the first match of a search, or the first customer."""
    rows = page_of(Filters(q=clean_line(query)[:200], per_page=25)).rows
    if not rows:
        return None
    return db.session.scalar(sa.select(Customer).where(Customer.id == rows[0].id).options(joinedload(Customer.branch)))
