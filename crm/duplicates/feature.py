"""The duplicates feature."""

from __future__ import annotations

from crm.duplicates import activity, data, listeners, queries, routes
from crm.kernel.manifest import Feature, MenuLink, Notice
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import N_

feature = Feature(
    name="duplicates",
    data=data.DATA,
    blueprints=(routes.bp,),
    keys={"duplicates.index": "d"},
    menu=(MenuLink("duplicates.index", N_("Duplicates"), 20),),
    customer_has={"duplicates": queries.HAS},
    notices=(Notice("duplicates/_notice.html", queries.notices_of),),
    activity=activity.ACTIVITY,
    listeners=(listeners,),
    roles={
        "index": VIEWER,
        "show": VIEWER,
        "new": STAFF,
        "decide": STAFF,
        "undo": STAFF,
    },
)
