from __future__ import annotations

import datetime as dt

from crm.kernel.manifest import Feature
from crm.kernel.roles import STAFF, VIEWER
from crm.reminders import routes
from crm.reminders.models import ReminderChange

feature = Feature(
    name="reminders",
    blueprints=(routes.bp,),
    kept={ReminderChange: dt.timedelta(days=1)},
    roles={
        "index": VIEWER,
        "bulk": STAFF,
        "undo_bulk": STAFF,
    },
)
