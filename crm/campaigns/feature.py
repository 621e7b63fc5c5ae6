"""The campaigns feature."""

from __future__ import annotations

from crm.campaigns import api, data, demo, halts, jobs, listeners, routes
from crm.kernel.manifest import Feature, Job, MenuLink, PageAction
from crm.kernel.roles import MANAGER, STAFF, VIEWER
from crm.values.language import N_

__all__ = ["feature", "jobs"]

feature = Feature(
    name="campaigns",
    data=data.DATA,
    blueprints=(routes.bp,),
    api=(api.bp,),
    navigation=(MenuLink("campaigns.index", N_("Campaigns"), 35),),
    actions=(PageAction("campaigns.new", N_("New campaign"), 65, "send"),),
    jobs=(Job(1, "crm.campaigns.jobs:go_on_due"),),
    listeners=(listeners,),
    message_halts=halts.of_messages,
    demo=demo.fill,
    roles={
        "index": VIEWER,
        "show": VIEWER,
        "recipients": VIEWER,
        "new": STAFF,
        "write": STAFF,
        "edit": STAFF,
        "delete": STAFF,
        "schedule": MANAGER,
        "unschedule": MANAGER,
        "pause": MANAGER,
        "resume": MANAGER,
        "ask_stop": MANAGER,
        "stop": MANAGER,
        "retry": MANAGER,
        "api_campaigns.index": VIEWER,
        "api_campaigns.create": STAFF,
        "api_campaigns.show": VIEWER,
        "api_campaigns.change": STAFF,
        "api_campaigns.recipients": VIEWER,
        "api_campaigns.schedule": MANAGER,
        "api_campaigns.pause": MANAGER,
        "api_campaigns.resume": MANAGER,
        "api_campaigns.stop": MANAGER,
        "api_campaigns.retry": MANAGER,
    },
)
