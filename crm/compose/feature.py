"""The pages of messages: the list, the form, the panel."""

from __future__ import annotations

from crm.compose import listeners, merge, panel, reminders, routes, series_routes
from crm.kernel.manifest import CustomerAction, Feature, MenuLink, Panel
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import N_

feature = Feature(
    name="compose",
    blueprints=(routes.bp, series_routes.bp),
    keys={"messages.index": "m"},
    navigation=(MenuLink("messages.index", N_("Messages"), 30),),
    panels=(
        Panel("messages", N_("Messages"), "messages/_panel.html", panel.load, 10, panel.count, "messages/_next.html"),
    ),
    customer_actions=(CustomerAction("messages.new", N_("Schedule message"), 10, "chat-left-text"),),
    listeners=(listeners, merge),
    reminders=(reminders.REMINDERS,),
    roles={
        "index": VIEWER,
        "console": VIEWER,
        "choose": STAFF,
        "new": STAFF,
        "preview": STAFF,
        "edit": STAFF,
        "cancel": STAFF,
        "resend": STAFF,
        "done": STAFF,
        "undo_done": STAFF,
        "series.stop": STAFF,
        "series.undo_stop": STAFF,
    },
)
