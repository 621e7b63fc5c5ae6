"""Bookings and the persons they are for."""

from __future__ import annotations

from crm.bookings import activity, listeners, queries, routes
from crm.kernel.manifest import Entry, Feature, Panel
from crm.kernel.roles import STAFF, VIEWER

feature = Feature(
    name="bookings",
    blueprints=(routes.bp,),
    navigation=(Entry("bookings.index", "Bookings", 50),),
    panels=(Panel("bookings", "Bookings", "bookings/_panel.html", queries.panel_data, 41, queries.count_in_words),),
    lead_panels=(Panel("bookings", "Bookings", "bookings/_panel.html", queries.lead_panel_data, 10),),
    activity=activity.WORDS,
    customer_rows={"booking_persons": ("booking", "bookings")},
    listeners=(listeners,),
    roles={
        "index": VIEWER,
        "new": STAFF,
        "show": VIEWER,
        "edit": STAFF,
        "cancel": STAFF,
        "take_up": STAFF,
    },
)
