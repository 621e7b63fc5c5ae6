"""Visits and check-in."""

from __future__ import annotations

from crm.kernel.manifest import CustomerAction, Feature
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import N_, ngettext
from crm.visits import activity, api, data, demo, listeners, restoring, routes

feature = Feature(
    name="visits",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    api=(api.bp,),
    customer_actions=(CustomerAction("visits.check_in", N_("Check in"), 5, "geo-alt", is_post=True),),
    activity=activity.ACTIVITY,
    customer_rows={"visits": lambda n, num: ngettext("%(num)s check-in", "%(num)s check-ins", n, num=num)},
    listeners=(listeners,),
    demo=demo.fill,
    roles={"check_in": STAFF, "take_back": STAFF, "api_visits.check_in": STAFF, "api_visits.index": VIEWER},
)
