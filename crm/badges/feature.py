"""Badges."""

from __future__ import annotations

from crm.badges import activity, api, data, demo, filters, listeners, queries, routes
from crm.kernel.manifest import Feature, MenuLink, OwnPart, PageAction
from crm.kernel.roles import MANAGER, VIEWER
from crm.values.language import N_, ngettext

feature = Feature(
    name="badges",
    data=data.DATA,
    blueprints=(routes.bp,),
    api=(api.bp,),
    pages=(MenuLink("badges.index", N_("Badges"), 31),),
    actions=(PageAction("badges.new", N_("Add badge"), 61, "plus-lg"),),
    activity=activity.ACTIVITY,
    customer_filters=filters.FILTERS,
    customer_rows={"badge_grants": lambda n, num: ngettext("%(num)s badge", "%(num)s badges", n, num=num)},
    customer_has={"badges": queries.HAS},
    fact_rows=("badges/_facts.html",),
    own_parts=(OwnPart("badges/_own.html", queries.own_part, 20, on_card=False),),
    listeners=(listeners,),
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "new": MANAGER,
        "edit": MANAGER,
        "archive": MANAGER,
        "restore": MANAGER,
        "api_badges.index": VIEWER,
        "api_badges.create": MANAGER,
        "api_badges.show": VIEWER,
        "api_badges.replace": MANAGER,
        "api_badges.change": MANAGER,
        "api_badges.archive": MANAGER,
        "api_badges.restore": MANAGER,
        "api_badges.of_customer": VIEWER,
    },
)
