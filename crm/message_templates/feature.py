"""Texts with fields."""

from __future__ import annotations

from crm.kernel.manifest import Feature, MenuLink, PageAction
from crm.kernel.roles import MANAGER, VIEWER
from crm.message_templates import api, data, routes
from crm.values.language import N_

feature = Feature(
    name="message_templates",
    data=data.DATA,
    blueprints=(routes.bp,),
    api=(api.bp,),
    keys={"message_templates.index": "t"},
    actions=(PageAction("message_templates.new", N_("Add template"), 50, "plus-lg"),),
    settings=(MenuLink("message_templates.index", N_("Templates"), 60),),
    roles={
        "index": MANAGER,
        "new": MANAGER,
        "add": MANAGER,
        "edit": MANAGER,
        "preview": MANAGER,
        "delete": MANAGER,
        "undelete": MANAGER,
        "api_message_templates.index": VIEWER,
    },
)
