"""Notes and logged calls."""

from __future__ import annotations

from crm.kernel.manifest import CustomerAction, Feature, Job, LeadAction
from crm.kernel.roles import STAFF, VIEWER
from crm.notes import activity, api, data, queries, routes
from crm.values.language import N_, ngettext

feature = Feature(
    name="notes",
    data=data.DATA,
    blueprints=(routes.bp,),
    api=(api.bp,),
    customer_actions=(CustomerAction("notes.new", N_("Add note"), 35, "journal-text"),),
    lead_actions=(LeadAction("notes.new_of_lead", N_("Add note"), 35, "journal-text"),),
    lead_events={"notes": queries.ids_of_lead},
    activity=activity.ACTIVITY,
    jobs=(Job(60, "crm.notes.jobs:remove_deleted_notes"),),
    customer_rows={"notes": lambda n, num: ngettext("%(num)s note", "%(num)s notes", n, num=num)},
    roles={
        "new": STAFF,
        "add": STAFF,
        "new_of_lead": STAFF,
        "add_to_lead": STAFF,
        "edit": STAFF,
        "delete": STAFF,
        "restore": STAFF,
        "api_notes.index": VIEWER,
        "api_notes.create": STAFF,
        "api_notes.index_of_lead": VIEWER,
        "api_notes.create_of_lead": STAFF,
        "api_notes.show": VIEWER,
        "api_notes.change": STAFF,
        "api_notes.delete": STAFF,
    },
)
