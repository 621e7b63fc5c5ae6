from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import VIEWER
from crm.stats import api, cli, restoring, routes
from crm.values.language import N_

feature = Feature(
    name="stats",
    restored=restoring.restored,
    blueprints=(routes.bp,),
    keys={"stats.index": "p"},
    api=(api.bp,),
    commands=(cli.stats,),
    navigation=(MenuLink("stats.index", N_("Reports"), 70),),
    roles={
        "index": VIEWER,
        "api_stats.stats": VIEWER,
    },
)
