"""The accounts that messages are sent by."""

from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import OWNER
from crm.senders import data, routes
from crm.values.language import N_

feature = Feature(
    name="senders",
    data=data.DATA,
    blueprints=(routes.bp,),
    settings=(MenuLink("senders.index", N_("Messaging"), 40),),
    roles={
        "index": OWNER,
        "test": OWNER,
        "check_domain": OWNER,
        "retry": OWNER,
        "dismiss": OWNER,
    },
)
