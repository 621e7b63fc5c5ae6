"""The filter of the list of customers by a badge that they have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crm.badges.models import Badge, BadgeGrant
from crm.customers.models import Customer
from crm.kernel.extensions import db
from crm.kernel.manifest import CustomerFilter
from crm.values.language import N_
from crm.web.ids import id_in


def _name(value: str) -> str | None:
    id_ = id_in(value)
    badge = db.session.get(Badge, id_) if id_ else None
    return badge.name if badge else None


def _has(value: str, given: Mapping[str, str]) -> sa.ColumnElement[Any]:
    holders = sa.select(BadgeGrant.customer_id).where(BadgeGrant.badge_id == int(value), BadgeGrant.taken_at.is_(None))
    return Customer.id.in_(holders)


FILTERS = (CustomerFilter("badge", N_("Badge"), N_("badge"), _name, _has),)
