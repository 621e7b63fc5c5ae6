"""Visits of customers."""

from __future__ import annotations

from crm.visits import api, queries, routes

from crm.kernel.data import Rows
from crm.kernel.manifest import Feature, Job, LeadAction, MenuLink, Panel
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import ngettext

feature = Feature(
    name="visits",
    data={"visits": Rows(points_to={"customer_id": "customers"})},
    blueprints=(routes.bp,),
    api=(api.bp,),
    roles={"index": VIEWER, "about": VIEWER, "add": STAFF, "api_visits.index": VIEWER},
    navigation=(MenuLink("visits.about", "Visits", 75),),
    panels=(Panel("visits", "Visits", "visits/_panel.html", queries.panel_data, 80),),
    lead_actions=(LeadAction("visits.about", "See visits", 50, "person", "lead"),),
    activity={"visit.added": "Was in the shop"},
    jobs=(Job(1, "crm.visits.jobs:count_visits"),),
    customer_rows={"visits": lambda n, num: ngettext("%(num)s visit", "%(num)s visits", n, num=num)},
)
