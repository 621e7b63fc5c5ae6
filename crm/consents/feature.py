"""Consent of customers."""

from __future__ import annotations

from crm.consents import filters, queries, routes
from crm.kernel.manifest import Feature, Panel
from crm.kernel.roles import STAFF
from crm.values.language import N_

feature = Feature(
    name="consents",
    blueprints=(routes.bp,),
    panels=(Panel("consents", N_("Consent"), "consents/_panel.html", queries.panel_data, 80),),
    customer_filters=filters.FILTERS,
    roles={"new": STAFF, "add": STAFF},
)
