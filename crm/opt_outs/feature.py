"""Numbers that get no messages."""

from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import MANAGER
from crm.opt_outs import data, restoring, routes
from crm.values.language import N_

feature = Feature(
    name="opt_outs",
    data=data.DATA,
    restored=restoring.restored,
    blueprints=(routes.bp,),
    settings=(MenuLink("opt_outs.index", N_("Opt-outs"), 50),),
    roles={
        "index": MANAGER,
        "new": MANAGER,
        "add": MANAGER,
        "delete": MANAGER,
        "stop_words": MANAGER,
    },
)
