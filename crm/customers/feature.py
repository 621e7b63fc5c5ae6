"""The customers feature."""

from __future__ import annotations

from crm.customers import activity, api, data, exports, further_filters, hits, restoring, routes, timeline
from crm.kernel.manifest import Feature, Job, PageAction, Panel, Search
from crm.kernel.roles import MANAGER, STAFF, VIEWER
from crm.values.language import N_, ngettext

feature = Feature(
    name="customers",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    actions=(PageAction("customers.new", N_("Add customer"), 10, "person-plus"),),
    searches=(Search("customers.show", N_("Customers"), 10, "person", hits.find),),
    api=(api.bp,),
    panels=(Panel("timeline", N_("Timeline"), "customers/_timeline_panel.html", timeline.panel_data, 90),),
    activity=activity.ACTIVITY,
    exports=(exports.EXPORT,),
    customer_filters=further_filters.FILTERS,
    customer_rows={
        "removed_contacts": lambda n, num: ngettext(
            "%(num)s removed number or address", "%(num)s removed numbers and addresses", n, num=num
        ),
        "consent_changes": lambda n, num: ngettext(
            "%(num)s change of consent", "%(num)s changes of consent", n, num=num
        ),
    },
    jobs=(Job(1, "crm.customers.jobs:go_on_bulk_due"),),
    roles={
        "index": VIEWER,
        "cities": VIEWER,
        "provinces": VIEWER,
        "show_bulk": VIEWER,
        "show": VIEWER,
        "timeline": VIEWER,
        "new": STAFF,
        "known": STAFF,
        "edit": STAFF,
        "archive": STAFF,
        "restore": STAFF,
        "make_main": STAFF,
        "remove_contact": STAFF,
        "bulk": STAFF,
        "undo_bulk": STAFF,
        "delete": MANAGER,
        "api_customers.index": VIEWER,
        "api_customers.create": STAFF,
        "api_customers.show": VIEWER,
        "api_customers.replace": STAFF,
        "api_customers.change": STAFF,
        "api_customers.archive": STAFF,
        "api_customers.restore": STAFF,
        "api_customers.bulk_update": STAFF,
    },
)
