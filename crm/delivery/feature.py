"""Due messages, sent by the worker."""

from __future__ import annotations

import datetime as dt

from crm.delivery import approval, data, restoring
from crm.delivery.models import ReachedUser
from crm.kernel.manifest import Feature, Job

feature = Feature(
    name="delivery",
    data=data.DATA,
    listeners=(approval,),
    kept={ReachedUser: dt.timedelta(days=2)},
    restored=restoring.restored,
    jobs=(
        Job(1, "crm.delivery.jobs:deliver_due", threads=4),
        Job(1, "crm.delivery.jobs:apply_reports"),
    ),
)
