"""Messages that come again."""

from __future__ import annotations

from crm.kernel.manifest import Feature, Job
from crm.series import data
from crm.series.models import WITH_SERIES
from crm.values.language import ngettext

feature = Feature(
    name="series",
    data=data.DATA,
    customer_loads=(WITH_SERIES,),
    jobs=(Job(1, "crm.series.jobs:make_due"),),
    customer_rows={
        "message_series": lambda n, num: ngettext("%(num)s repeating message", "%(num)s repeating messages", n, num=num)
    },
)
