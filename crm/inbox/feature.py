"""Texts that come in."""

from __future__ import annotations

from crm.inbox import activity, api, reminders, routes
from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import N_

feature = Feature(
    name="inbox",
    blueprints=(routes.bp,),
    keys={"inbox.index": "i"},
    api=(api.bp,),
    navigation=(MenuLink("inbox.index", N_("Inbox"), 20, reminders.count_unread, N_("unread")),),
    activity=activity.ACTIVITY,
    reminders=(reminders.REMINDERS,),
    roles={
        "index": VIEWER,
        "done": STAFF,
        "undo_done": STAFF,
        "opt_out": STAFF,
        "go_on": STAFF,
        "api_inbound.index": VIEWER,
    },
)
