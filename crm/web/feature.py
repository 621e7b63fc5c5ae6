from __future__ import annotations

import datetime as dt

from crm.kernel import health
from crm.kernel.idempotency import UsedKey
from crm.kernel.manifest import Feature
from crm.kernel.roles import PUBLIC

feature = Feature(
    name="web",
    blueprints=(health.bp,),
    kept={UsedKey: dt.timedelta(days=60)},  # longer than a page can stay open: a sign-in lasts 30 days
    roles={
        "up": PUBLIC,
        "ready": PUBLIC,
    },
)
