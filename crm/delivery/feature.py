"""Due messages, sent by the worker."""

from __future__ import annotations

from crm.delivery import data, restoring
from crm.kernel.manifest import Feature, Job

feature = Feature(
    name="delivery",
    data=data.DATA,
    restored=restoring.restored,
    jobs=(
        Job(1, "crm.delivery.jobs:deliver_due", threads=4),
        Job(1, "crm.delivery.jobs:apply_reports"),
    ),
)
