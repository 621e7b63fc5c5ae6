"""The privacy feature."""

from __future__ import annotations

from crm.kernel.manifest import CustomerAction, Feature, Notice
from crm.kernel.roles import MANAGER, OWNER
from crm.privacy import activity, data, routes
from crm.values.language import N_

feature = Feature(
    name="privacy",
    data=data.DATA,
    blueprints=(routes.bp,),
    customer_actions=(
        CustomerAction(
            "privacy.data", N_("Copy of their data"), 80, "download", in_menu=True, of_archived=True, download=True
        ),
        CustomerAction("privacy.erase", N_("Erase"), 81, "x-circle", in_menu=True, of_archived=True),
    ),
    notices=(Notice("privacy/_notice.html", lambda customer: None),),
    activity=activity.ACTIVITY,
    customer_rows={"inactive_customers": ("entry of inactive customers", "entries of inactive customers")},
    roles={"data": MANAGER, "erase": OWNER},
)
