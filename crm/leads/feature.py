"""People who may become customers."""

from __future__ import annotations

from crm.kernel.manifest import Entry, Feature, Panel
from crm.kernel.roles import STAFF, VIEWER
from crm.leads import activity, panel, routes

feature = Feature(
    name="leads",
    blueprints=(routes.bp,),
    navigation=(Entry("leads.index", "Leads", 40),),
    panels=(Panel("leads", "Leads", "leads/_panel.html", panel.load, 40, panel.count),),
    activity=activity.WORDS,
    customer_rows={"leads": ("lead", "leads")},
    roles={
        "index": VIEWER,
        "show": VIEWER,
        "new": STAFF,
        "edit": STAFF,
        "convert": STAFF,
        "undo_convert": STAFF,
        "lose": STAFF,
        "undo_lose": STAFF,
        "new_follow_up": STAFF,
        "done": STAFF,
        "undo_done": STAFF,
        "new_commitment": STAFF,
        "settle": STAFF,
        "reopen_commitment": STAFF,
    },
)
