from __future__ import annotations

from typing import Any

from crm.api.resource import Resource
from crm.customers.totals import totals
from crm.stats import schemas

bp = Resource("stats", "Customers", 22, operations="customers")


@bp.get("/customers/stats/")
@bp.response(200, schemas.Stats)
def stats() -> dict[str, Any]:
    """Read the figures: customers, active ones, their points, and how many are in each tier."""
    figures = totals()
    return {
        "total_customers": figures.customers,
        "active_customers": figures.active,
        "total_loyalty_points": figures.points,
        "customers_by_tier": figures.tiers,
    }
