"""People who may become customers."""

from __future__ import annotations

from crm.accounts.rules import Trade
from crm.kernel.manifest import Feature, MenuLink, PageAction, Panel, Search
from crm.kernel.roles import STAFF, VIEWER
from crm.leads import activity, api, data, demo, exports, hits, panel, queries, reminders, routes
from crm.values.language import N_, ngettext

feature = Feature(
    name="leads",
    data=data.DATA,
    blueprints=(routes.bp,),
    keys={"leads.index": "l"},
    actions=(PageAction("leads.new", N_("Add lead"), 20, "plus-lg"),),
    searches=(Search("leads.show", N_("Leads"), 20, "person-plus", hits.find),),
    api=(api.bp,),
    navigation=(MenuLink("leads.index", N_("Leads"), 40, trades=(Trade.TRAVEL,)),),
    panels=(Panel("leads", N_("Leads"), "leads/_panel.html", panel.load, 40, panel.count),),
    customer_has={"leads": queries.HAS},
    activity=activity.ACTIVITY,
    exports=(exports.EXPORT,),
    reminders=(reminders.FOLLOW_UPS, reminders.PROMISES),
    customer_rows={"leads": lambda n, num: ngettext("%(num)s lead", "%(num)s leads", n, num=num)},
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "show": VIEWER,
        "timeline": VIEWER,
        "new": STAFF,
        "edit": STAFF,
        "move": STAFF,
        "convert": STAFF,
        "undo_convert": STAFF,
        "lose": STAFF,
        "undo_lose": STAFF,
        "new_follow_up": STAFF,
        "done": STAFF,
        "undo_done": STAFF,
        "new_commitment": STAFF,
        "settle": STAFF,
        "reopen_commitment": STAFF,
        "api_leads.index": VIEWER,
        "api_leads.create": STAFF,
        "api_leads.show": VIEWER,
        "api_leads.replace": STAFF,
        "api_leads.change": STAFF,
        "api_leads.follow_ups_index": VIEWER,
        "api_leads.create_follow_up": STAFF,
        "api_leads.show_follow_up": VIEWER,
        "api_leads.change_follow_up": STAFF,
        "api_leads.commitments_index": VIEWER,
        "api_leads.create_commitment": STAFF,
        "api_leads.show_commitment": VIEWER,
        "api_leads.change_commitment": STAFF,
    },
)
