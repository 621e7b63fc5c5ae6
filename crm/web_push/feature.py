"""Web push: notices on customers' phones."""

from __future__ import annotations

import datetime as dt

from crm.kernel.manifest import Feature, Job
from crm.values.language import ngettext
from crm.web_push import activity, cli, data, listeners
from crm.web_push.models import PushNotice

feature = Feature(
    name="web_push",
    data=data.DATA,
    commands=(cli.push,),
    activity=activity.ACTIVITY,
    listeners=(listeners,),
    jobs=(Job(5, "crm.web_push.jobs:send_due", threads=2), Job(60, "crm.web_push.jobs:tell_of_points")),
    customer_rows={
        "push_subscriptions": lambda n, num: ngettext(
            "%(num)s phone with notices", "%(num)s phones with notices", n, num=num
        ),
        "push_notices": lambda n, num: ngettext("%(num)s notice", "%(num)s notices", n, num=num),
    },
    kept={PushNotice: dt.timedelta(days=30)},
)
