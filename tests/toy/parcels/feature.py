"""Parcels of customers."""

from __future__ import annotations

from crm.parcels import api, queries, routes

from crm.kernel.data import Rows
from crm.kernel.manifest import Feature, Job, LeadAction, MenuLink, Panel
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import ngettext

feature = Feature(
    name="parcels",
    data={"parcels": Rows(points_to={"customer_id": "customers"})},
    blueprints=(routes.bp,),
    api=(api.bp,),
    roles={"index": VIEWER, "about": VIEWER, "add": STAFF, "api_parcels.index": VIEWER},
    navigation=(MenuLink("parcels.about", "Parcels", 75),),
    panels=(Panel("parcels", "Parcels", "parcels/_panel.html", queries.panel_data, 80),),
    lead_actions=(LeadAction("parcels.about", "See parcels", 50, "person", "lead"),),
    activity={"parcel.added": "Left a parcel"},
    jobs=(Job(1, "crm.parcels.jobs:count_parcels"),),
    customer_rows={"parcels": lambda n, num: ngettext("%(num)s parcel", "%(num)s parcels", n, num=num)},
)
