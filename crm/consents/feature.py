"""Consent of customers."""

from __future__ import annotations

from crm.consents import filters, link_routes, queries, routes
from crm.kernel.manifest import Feature, Panel
from crm.kernel.roles import PUBLIC, STAFF
from crm.values.language import N_

feature = Feature(
    name="consents",
    blueprints=(routes.bp, link_routes.bp),
    customer_has={"consents": queries.HAS},
    panels=(Panel("consents", N_("Consent"), "consents/_panel.html", queries.panel_data, 80),),
    customer_filters=filters.FILTERS,
    roles={"new": STAFF, "add": STAFF, "unsubscribe.ask": PUBLIC, "unsubscribe.end": PUBLIC},
)
