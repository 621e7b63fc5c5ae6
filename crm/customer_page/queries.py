"""Reads of links and cards."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from crm.customer_page.models import CustomerCard, CustomerLink
from crm.customers.models import Customer
from crm.kernel.extensions import db

MOST_SHOWN = 50


def open_links(customer_id: int) -> list[CustomerLink]:
    """Return the links that open something now, the newest first."""
    statement = (
        sa.select(CustomerLink)
        .where(CustomerLink.customer_id == customer_id, CustomerLink.is_open())
        .options(joinedload(CustomerLink.created_by))
    )
    return list(db.session.scalars(statement.order_by(CustomerLink.id.desc()).limit(MOST_SHOWN)))


def card_code(customer_id: int) -> str:
    """Return the code that is shown on the customer's card, or "" before their first link."""
    found = sa.select(CustomerCard.code).where(
        CustomerCard.customer_id == customer_id, CustomerCard.replaced_at.is_(None)
    )
    return db.session.scalar(found.order_by(CustomerCard.id.desc()).limit(1)) or ""


def customer_of_card(code: str) -> Customer | None:
    """Return the customer whose card has this code, for who may see them."""
    found = sa.select(Customer).join(CustomerCard, CustomerCard.customer_id == Customer.id)
    found = found.where(CustomerCard.code == code, CustomerCard.replaced_at.is_(None))
    return db.session.scalars(found).one_or_none()
