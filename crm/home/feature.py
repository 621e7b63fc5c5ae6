from __future__ import annotations

from crm.home import routes
from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import VIEWER
from crm.reminders.today import count_due
from crm.values.language import N_

feature = Feature(
    name="home",
    blueprints=(routes.bp,),
    keys={"home.index": "c"},
    navigation=(MenuLink("home.index", N_("Customers"), 10, count_due, N_("to do now"), in_title=True),),
    roles={
        "index": VIEWER,
    },
)
