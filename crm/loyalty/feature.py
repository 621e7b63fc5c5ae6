from __future__ import annotations

from crm.kernel.manifest import CustomerAction, Feature, Job, MenuLink, Panel
from crm.kernel.roles import OWNER, STAFF, VIEWER
from crm.loyalty import (
    activity,
    api,
    cli,
    data,
    exports,
    facts,
    jobs,
    merge,
    nightly,
    programme_routes,
    queries,
    restoring,
    routes,
)
from crm.loyalty.models import WITH_SETTINGS
from crm.values.language import N_, ngettext

__all__ = ["feature", "jobs"]

feature = Feature(
    name="loyalty",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    api=(api.bp,),
    commands=(cli.loyalty,),
    customer_has={"points": queries.HAS},
    panels=(Panel("points", N_("Points"), "loyalty/_panel.html", queries.panel_data, 30, queries.count_in_words),),
    customer_actions=(CustomerAction("loyalty.new", N_("Points"), 30, "star"),),
    activity=activity.ACTIVITY,
    exports=(exports.EXPORT,),
    customer_rows={
        "points_entries": lambda n, num: ngettext("%(num)s points entry", "%(num)s points entries", n, num=num)
    },
    customer_facts=facts.of_customers,
    customer_loads=(WITH_SETTINGS,),
    settings=(MenuLink("loyalty.settings", N_("Loyalty"), 45),),
    jobs=(Job(60, "crm.loyalty.jobs:expire_due"),),
    listeners=(merge, nightly, programme_routes),
    roles={
        "index": VIEWER,
        "new": STAFF,
        "reverse": STAFF,
        "settings": OWNER,
        "new_multiplier": OWNER,
        "edit_multiplier": OWNER,
        "delete_multiplier": OWNER,
        "api_points.update_points": STAFF,
        "api_points.points": VIEWER,
    },
)
