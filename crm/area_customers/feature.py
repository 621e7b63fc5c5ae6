"""People whom a branch knows by their area."""

from __future__ import annotations

from crm.accounts.rules import Trade
from crm.area_customers import activity, api, data, demo, listeners, routes
from crm.kernel.manifest import Feature, MenuLink, PageAction
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import N_, ngettext

feature = Feature(
    name="area_customers",
    data=data.DATA,
    blueprints=(routes.bp,),
    keys={"area_customers.index": "a"},
    actions=(PageAction("area_customers.new", N_("Add contact by area"), 40, "plus-lg"),),
    api=(api.bp,),
    navigation=(MenuLink("area_customers.index", N_("Contacts by area"), 60, trades=(Trade.TRAVEL,)),),
    activity=activity.ACTIVITY,
    customer_rows={
        "area_customers": lambda n, num: ngettext("%(num)s area customer", "%(num)s area customers", n, num=num)
    },
    listeners=(listeners,),
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "areas": VIEWER,
        "new": STAFF,
        "show": VIEWER,
        "edit": STAFF,
        "api_area_customers.index": VIEWER,
        "api_area_customers.create": STAFF,
        "api_area_customers.show": VIEWER,
        "api_area_customers.replace": STAFF,
        "api_area_customers.change": STAFF,
    },
)
