"""What is known of customers' points beside their rows: what can be spent now, until when, and the next tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.loyalty import queries
from crm.loyalty.tiers import Standing
from crm.web import filters


def of_customers(customers: Sequence[Customer]) -> Mapping[int, Mapping[str, Any]]:
    """Return the facts of a page of customers, in two statements."""
    today, window = filters.today(), queries.settings_here().tier_window
    found = queries.points_of([customer.id for customer in customers], window, today)
    return {customer.id: _facts(customer, found[customer.id]) for customer in customers}


def _facts(customer: Customer, found: queries.Points) -> dict[str, Any]:
    tier = Tier(customer.tier) if customer.tier in list(Tier) else Tier.BRONZE
    standing = Standing(tier, customer.tier_since, customer.tier_review_on, found.counted)
    return {
        "loyalty_points": max(0, customer.loyalty_points - found.over),
        "points_expiring": [{"date": day, "points": points} for day, points in found.expiring],
        "points_owed": customer.points_owed,
        "tier_since": customer.tier_since,
        "next_tier": standing.next_tier.label if standing.next_tier else None,
        "points_to_next_tier": standing.missing,
    }
