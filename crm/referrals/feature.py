"""The referrals feature."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job, MenuLink, Panel
from crm.kernel.roles import PUBLIC, STAFF, VIEWER
from crm.referrals import activity, api, data, listeners, queries, restoring, routes
from crm.values.language import N_

feature = Feature(
    name="referrals",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    api=(api.bp,),
    menu=(MenuLink("referrals.index", N_("Referrals"), 22),),
    customer_has={"referrals": queries.HAS},
    panels=(
        Panel("referrals", N_("Referrals"), "referrals/_panel.html", queries.panel_data, 32, queries.count_in_words),
    ),
    activity=activity.ACTIVITY,
    jobs=(Job(5, "crm.referrals.jobs:go_on_due"),),
    listeners=(listeners,),
    roles={
        "index": VIEWER,
        "approve": STAFF,
        "refuse": STAFF,
        "make_code": STAFF,
        "invitation": PUBLIC,
        "api_referrals.index": VIEWER,
        "api_referrals.show": VIEWER,
    },
)
