"""The scores of customers."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job
from crm.reports import cli, data, jobs, listeners

__all__ = ["feature", "jobs"]

feature = Feature(
    name="reports",
    data=data.DATA,
    commands=(cli.scores,),
    jobs=(Job(600, "crm.reports.jobs:schedule"), Job(5, "crm.reports.jobs:compute_due")),
    listeners=(listeners,),
)
