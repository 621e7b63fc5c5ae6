"""The privacy feature."""

from __future__ import annotations

from crm.kernel.exports import Pack
from crm.kernel.manifest import CustomerAction, Feature, Job, MenuLink, Notice
from crm.kernel.roles import MANAGER, OWNER
from crm.privacy import activity, copies, data, jobs, merge, restoring, routes, services
from crm.values.language import N_

__all__ = ["feature", "jobs"]

feature = Feature(
    name="privacy",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    customer_actions=(
        CustomerAction(
            "privacy.data", N_("Copy of their data"), 80, "download", in_menu=True, of_archived=True, page=True
        ),
        CustomerAction("privacy.erase", N_("Erase"), 81, "trash", in_menu=True, of_archived=True, page=True),
    ),
    notices=(Notice("privacy/_notice.html", lambda customer: None),),
    packs=(Pack(services.PACK, N_("Copy of their data"), copies.write_copy),),
    activity=activity.ACTIVITY,
    listeners=(merge,),
    settings=(MenuLink("privacy.index", N_("Privacy"), 70),),
    jobs=(Job(3600, "crm.privacy.jobs:apply_rules"),),
    roles={"data": MANAGER, "erase": OWNER, "index": OWNER, "keep": OWNER},
)
