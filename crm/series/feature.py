"""Messages that come again."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job
from crm.series import data
from crm.values.language import N_

feature = Feature(
    name="series",
    data=data.DATA,
    jobs=(Job(1, "crm.series.jobs:make_due"),),
    customer_rows={"message_series": (N_("repeating message"), N_("repeating messages"))},
)
