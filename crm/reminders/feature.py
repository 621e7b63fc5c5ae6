from __future__ import annotations

import datetime as dt

from crm.kernel.manifest import Feature, MenuLink
from crm.kernel.roles import STAFF, VIEWER
from crm.reminders import data, routes
from crm.reminders.models import ReminderChange
from crm.values.language import N_

feature = Feature(
    name="reminders",
    data=data.DATA,
    blueprints=(routes.bp,),
    pages=(MenuLink("reminders.index", N_("Reminders"), 10),),
    keys={"reminders.index": "r"},
    kept={ReminderChange: dt.timedelta(days=1)},
    roles={
        "index": VIEWER,
        "bulk": STAFF,
        "undo_bulk": STAFF,
    },
)
