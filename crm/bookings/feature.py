"""Bookings and the persons they are for."""

from __future__ import annotations

from crm.accounts.rules import Trade
from crm.bookings import activity, api, data, demo, exports, hits, listeners, payment_routes, queries, restoring
from crm.kernel.manifest import (
    CustomerAction,
    Feature,
    Job,
    LeadAction,
    MenuLink,
    PageAction,
    Panel,
    Payable,
    Search,
)
from crm.kernel.roles import STAFF, VIEWER
from crm.values.language import N_, ngettext

feature = Feature(
    name="bookings",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(payment_routes.bp,),
    keys={"bookings.index": "b"},
    actions=(PageAction("bookings.new", N_("Add booking"), 30, "plus-lg"),),
    searches=(Search("bookings.show", N_("Bookings"), 30, "calendar-event", hits.find),),
    api=(api.bp,),
    navigation=(MenuLink("bookings.index", N_("Bookings"), 50, trades=(Trade.RESTAURANT, Trade.TRAVEL)),),
    panels=(Panel("bookings", N_("Bookings"), "bookings/_panel.html", queries.panel_data, 41, queries.count_in_words),),
    customer_has={"bookings": queries.HAS},
    lead_panels=(Panel("bookings", N_("Bookings"), "bookings/_panel.html", queries.lead_panel_data, 10),),
    lead_actions=(
        LeadAction("bookings.new", N_("Add booking"), 10, "calendar-event", "lead", lambda lead: lead.is_converted),
    ),
    customer_actions=(CustomerAction("bookings.new", N_("Add booking"), 40, "calendar-event", "customer"),),
    lead_fields={"booking": queries.latest_bookings},
    payable=Payable(queries.labels, queries.to_be_paid_by, queries.balance_of),
    activity=activity.ACTIVITY,
    exports=(exports.EXPORT,),
    customer_rows={"booking_persons": lambda n, num: ngettext("%(num)s booking", "%(num)s bookings", n, num=num)},
    jobs=(Job(60, "crm.bookings.jobs:delete_removed_documents"),),
    listeners=(listeners,),
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "new": STAFF,
        "known": STAFF,
        "show": VIEWER,
        "edit": STAFF,
        "cancel": STAFF,
        "new_document": STAFF,
        "remove_document": STAFF,
        "take_back_document": STAFF,
        "take_up": STAFF,
        "link_invoice": STAFF,
        "unlink_invoice": STAFF,
        "api_bookings.index": VIEWER,
        "api_bookings.create": STAFF,
        "api_bookings.show": VIEWER,
        "api_bookings.replace": STAFF,
        "api_bookings.change": STAFF,
    },
)
