from __future__ import annotations

from crm.first_hour import listeners, routes
from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import MANAGER, PUBLIC, SIGNED_IN
from crm.values.language import N_

feature = Feature(
    name="first_hour",
    blueprints=(routes.bp,),
    listeners=(listeners,),
    menu=(MenuLink("first_hour.phone", N_("Put it on your phone"), 80),),
    roles={
        "manifest": PUBLIC,
        "favicon": PUBLIC,
        "dismiss": MANAGER,
        "phone": SIGNED_IN,
        "add_samples": MANAGER,
        "confirm_samples": MANAGER,
        "delete_samples": MANAGER,
    },
)
