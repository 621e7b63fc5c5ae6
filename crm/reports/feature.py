"""Reports on customers and sales, and the scores of customers."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job, MenuLink
from crm.kernel.roles import OWNER, VIEWER
from crm.reports import api, cli, data, demo, figures, filters, jobs, listeners, people, restoring, routes
from crm.values.language import N_

__all__ = ["feature", "jobs"]

feature = Feature(
    name="reports",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    keys={"reports.index": "p"},
    api=(api.bp, api.of_customers),
    customer_facts=figures.of_customers,
    customer_filters=filters.FILTERS,
    demo=demo.fill,
    customer_has={"scores": people.HAS},
    fact_rows=("reports/_facts.html",),
    commands=(cli.scores, cli.stats),
    navigation=(MenuLink("reports.index", N_("Reports"), 70),),
    settings=(MenuLink("reports.edit_settings", N_("Reports"), 65),),
    activity={"reports.changed": N_("Settings of reports changed")},
    jobs=(Job(600, "crm.reports.jobs:schedule"), Job(5, "crm.reports.jobs:compute_due")),
    listeners=(listeners,),
    roles={
        "index": VIEWER,
        "rfm": VIEWER,
        "cohorts": VIEWER,
        "value": VIEWER,
        "edit_settings": OWNER,
        "stats": VIEWER,
        "api_reports.rfm": VIEWER,
        "api_reports.cohorts": VIEWER,
        "api_reports.value": VIEWER,
        "api_stats.stats": VIEWER,
    },
)
