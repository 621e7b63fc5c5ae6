"""The automations feature."""

from __future__ import annotations

from crm.automations import activity, data, listeners, restoring, routes
from crm.kernel.manifest import Feature, Job, MenuLink, PageAction
from crm.kernel.roles import MANAGER, VIEWER
from crm.values.language import N_, ngettext

feature = Feature(
    name="automations",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    menu=(MenuLink("automations.index", N_("Automations"), 24),),
    actions=(PageAction("automations.new", N_("Add automation"), 70, "plus-lg"),),
    activity=activity.ACTIVITY,
    jobs=(Job(5, "crm.automations.jobs:go_on_due"),),
    listeners=(listeners,),
    customer_rows={
        "automation_grants": lambda n, num: ngettext("%(num)s automatic gift", "%(num)s automatic gifts", n, num=num)
    },
    roles={"index": VIEWER, "new": MANAGER, "edit": MANAGER, "stop": MANAGER, "resume": MANAGER},
)
