"""The scores of customers."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job
from crm.kernel.roles import VIEWER
from crm.reports import api, cli, data, figures, filters, jobs, listeners

__all__ = ["feature", "jobs"]

feature = Feature(
    name="reports",
    data=data.DATA,
    api=(api.bp,),
    customer_facts=figures.of_customers,
    customer_filters=filters.FILTERS,
    commands=(cli.scores,),
    jobs=(Job(600, "crm.reports.jobs:schedule"), Job(5, "crm.reports.jobs:compute_due")),
    listeners=(listeners,),
    roles={"api_reports.rfm": VIEWER, "api_reports.cohorts": VIEWER, "api_reports.value": VIEWER},
)
