"""Reports in the JSON API."""

from __future__ import annotations

from typing import Any

from crm.api.resource import Resource
from crm.customers.totals import totals
from crm.reports import figures, schemas
from crm.reports.queries import latest_run

bp = Resource("reports", "Reports", 26)
of_customers = Resource("stats", "Customers", 22, operations="customers")


@of_customers.get("/customers/stats/")
@of_customers.response(200, schemas.Stats)
def stats() -> dict[str, Any]:
    """Read the figures: customers, active ones, their points, and how many are in each tier."""
    found = totals()
    return {
        "total_customers": found.customers,
        "active_customers": found.active,
        "total_loyalty_points": found.points,
        "customers_by_tier": found.tiers,
    }


@bp.get("/reports/rfm/")
@bp.response(200, schemas.RfmReport)
def rfm() -> dict[str, Any]:
    """Read how many customers are in each group by recency, frequency and money.

    As of the night's computation, within the months that the settings of reports say, 24 as a rule. Below 25 buyers
    there are no groups.
    """
    found = figures.report()
    return {
        "as_of": found.run.as_of if found.run else None,
        "buyers": found.run.buyers if found.run else 0,
        "groups": [{"group": group, **sums._asdict()} for group, sums in found.groups.items()],
        "slipping": found.all.slipping,
        "cut_offs": _cut_offs(found.found) if found.has_scores else None,
    }


@bp.get("/reports/cohorts/")
@bp.response(200, schemas.CohortReport)
def cohorts() -> dict[str, Any]:
    """Read how many customers of each month of first purchases came back, in each month that is over."""
    run = latest_run()
    rows = figures.cohorts_of(run.as_of) if run else []
    return {
        "as_of": run.as_of if run else None,
        "cohorts": [
            {
                "cohort": row.month,
                "customers": row.customers,
                "months": [{"month": after, "customers": number} for after, number in enumerate(row.came, 1)],
                "within": [{"days": days, "customers": number} for days, number in row.within.items()],
            }
            for row in rows
        ],
    }


@bp.get("/reports/value/")
@bp.response(200, schemas.ValueReport)
def value() -> dict[str, Any]:
    """Read what customers spent, and what they may bring in 12 months.

    The model is fitted from 200 customers with two purchase days and 26 weeks on. `backtest` compares what it foretold
    13 weeks ago with what came; if it was off by more than 35 %, nothing is foretold.
    """
    found = figures.report()
    return {
        "as_of": found.run.as_of if found.run else None,
        "customers": found.all.customers,
        "spent": found.all.spent_ever,
        "repeaters": found.found.get("repeaters", 0),
        "weeks": found.found.get("weeks", 0),
        "parameters": found.found.get("parameters"),
        "backtest": found.found.get("backtest"),
        "foretells": found.foretells,
        "come_back": found.come_back if found.foretells else None,
        "expected": found.expected if found.foretells_money else None,
    }


def _cut_offs(found: Any) -> dict[str, list[dict[str, int]]]:
    return {
        name: [{"score": int(score), "least": ends[0], "most": ends[1]} for score, ends in scores.items()]
        for name, scores in found["cut_offs"].items()
    }
