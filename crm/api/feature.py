from __future__ import annotations

import datetime as dt

from crm.api import branches, data, routes, token
from crm.api.models import GivenAnswer
from crm.kernel.manifest import Feature
from crm.kernel.roles import MANAGER, PUBLIC, VIEWER

feature = Feature(
    name="api",
    data=data.DATA,
    blueprints=(routes.bp,),
    api=(branches.bp, token.bp),
    kept={GivenAnswer: dt.timedelta(hours=24)},
    roles={
        "document": PUBLIC,
        "docs": PUBLIC,
        "api_branches.index": VIEWER,
        "api_branches.create": MANAGER,
        "api_branches.show": VIEWER,
        "api_branches.replace": MANAGER,
        "api_branches.change": MANAGER,
        "api_token.refresh": PUBLIC,
        "api_token.issue": PUBLIC,
    },
)
