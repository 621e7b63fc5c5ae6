"""The accounts that messages are sent by."""

from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import OWNER
from crm.senders import routes

feature = Feature(
    name="senders",
    blueprints=(routes.bp,),
    settings=(MenuLink("senders.index", "Messaging", 40),),
    roles={
        "index": OWNER,
        "test": OWNER,
        "retry": OWNER,
        "dismiss": OWNER,
    },
)
