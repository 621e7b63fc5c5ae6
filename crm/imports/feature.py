"""Customers from files."""

from __future__ import annotations

from crm.customers.cli import customers
from crm.imports import activity, api, data, routes
from crm.imports import cli as cli
from crm.kernel.manifest import Feature, Job, MenuLink, PageAction
from crm.kernel.roles import MANAGER
from crm.values.language import N_

feature = Feature(
    name="imports",
    blueprints=(routes.bp,),
    api=(api.bp,),
    commands=(customers,),
    menu=(MenuLink("imports.index", N_("Import"), 59),),
    actions=(PageAction("imports.new", N_("Import customers"), 60, "upload"),),
    activity=activity.ACTIVITY,
    jobs=(
        Job(1, "crm.imports.jobs:go_on_checks_due"),
        Job(1, "crm.imports.jobs:go_on_imports_due"),
        Job(3600, "crm.imports.jobs:delete_old"),
    ),
    data=data.DATA,
    roles={
        "index": MANAGER,
        "new": MANAGER,
        "show": MANAGER,
        "map_columns": MANAGER,
        "read_anew": MANAGER,
        "rows": MANAGER,
        "edit_row": MANAGER,
        "choose": MANAGER,
        "commit": MANAGER,
        "cancel": MANAGER,
        "undo": MANAGER,
        "failed": MANAGER,
        "api_imports.create": MANAGER,
        "api_imports.show": MANAGER,
        "api_imports.commit": MANAGER,
        "api_imports.undo": MANAGER,
    },
)
