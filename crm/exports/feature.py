"""The exports feature."""

from __future__ import annotations

from crm.customers.cli import customers
from crm.exports import cli, jobs, routes
from crm.kernel.data import Rows
from crm.kernel.manifest import Feature, Job, MenuLink
from crm.kernel.roles import MANAGER
from crm.values.language import N_

__all__ = ["cli", "feature", "jobs"]

feature = Feature(
    name="exports",
    data={
        "exports": Rows(
            left_out="about files that are gone after a day",
            copies="key",
            plain="what language key",
            personal="query",
        )
    },
    blueprints=(routes.bp,),
    commands=(customers,),
    menu=(MenuLink("exports.index", N_("Export"), 60),),
    jobs=(Job(1, "crm.exports.jobs:write_due"),),
    roles={"index": MANAGER, "file": MANAGER},
)
