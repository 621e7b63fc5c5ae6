"""Numbers that get no messages."""

from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import MANAGER
from crm.opt_outs import routes

feature = Feature(
    name="opt_outs",
    blueprints=(routes.bp,),
    settings=(MenuLink("opt_outs.index", "Opt-outs", 50),),
    roles={
        "index": MANAGER,
        "new": MANAGER,
        "add": MANAGER,
        "delete": MANAGER,
        "stop_words": MANAGER,
    },
)
