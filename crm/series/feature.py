"""Messages that come again."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job

feature = Feature(
    name="series",
    jobs=(Job(1, "crm.series.jobs:make_due"),),
    customer_rows={"message_series": ("message that comes again", "messages that come again")},
)
