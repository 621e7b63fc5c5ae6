"""Backups and their restore."""

from __future__ import annotations

from crm.backups import activity, cli, data, routes
from crm.kernel.manifest import Feature, Job, MenuLink
from crm.kernel.roles import OWNER
from crm.values.language import N_

feature = Feature(
    name="backups",
    data=data.DATA,
    blueprints=(routes.bp,),
    activity=activity.ACTIVITY,
    settings=(MenuLink("backups.index", N_("Backups"), 95),),
    jobs=(
        Job(1, "crm.backups.jobs:resume_due"),
        Job(5, "crm.backups.jobs:make_due"),
        Job(600, "crm.backups.jobs:schedule"),
        Job(3600, "crm.backups.jobs:drill"),
    ),
    roles={"index": OWNER, "create": OWNER, "download": OWNER, "resume_sending": OWNER},
    commands=(cli.backup,),
)
