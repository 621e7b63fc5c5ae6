from __future__ import annotations

from crm.home import routes
from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import VIEWER

feature = Feature(
    name="home",
    blueprints=(routes.bp,),
    navigation=(MenuLink("home.index", "Customers", 10),),
    roles={
        "index": VIEWER,
    },
)
