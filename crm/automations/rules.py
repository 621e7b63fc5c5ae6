"""The occasions of automations, and what each asks for."""

from __future__ import annotations

import datetime as dt
import enum

from crm.values.language import N_

MAX_DAYS = 3_650
MAX_BEFORE = 60
"""Days before a birthday, or before points end."""

CATCH_UP = 7
"""Days that are caught up with when the worker was away."""

AGAIN_AFTER = dt.timedelta(days=300)
"""For so long a birthday that was changed is no birthday again."""

SEND_AT = dt.time(9)
"""Messages of the morning go at this time; who is given something at night is not woken."""


class Occasion(enum.StrEnum):
    BIRTHDAY = "birthday"
    JOINED = "joined"
    VISIT = "visit"
    TIER = "tier"
    EXPIRING = "expiring"
    ABSENT = "absent"

    @property
    def label(self) -> str:
        return str(_LABELS[self])

    @property
    def is_daily(self) -> bool:
        """Whether the worker looks every day for whom it is; else it comes with what customers do."""
        return self not in (Occasion.VISIT, Occasion.TIER)

    @property
    def limits(self) -> tuple[int, int] | None:
        """The least and the largest number of days or visits; None where none is asked for."""
        return _LIMITS.get(self)


_LABELS = {
    Occasion.BIRTHDAY: N_("Birthday"),
    Occasion.JOINED: N_("Days after they joined"),
    Occasion.VISIT: N_("A certain visit"),
    Occasion.TIER: N_("A higher tier"),
    Occasion.EXPIRING: N_("Points that end"),
    Occasion.ABSENT: N_("Not seen for a while"),
}
_LIMITS = {
    Occasion.BIRTHDAY: (0, MAX_BEFORE),
    Occasion.JOINED: (0, MAX_DAYS),
    Occasion.VISIT: (1, MAX_DAYS),
    Occasion.EXPIRING: (0, MAX_BEFORE),
    Occasion.ABSENT: (1, MAX_DAYS),
}


def key_of(automation_id: int, customer_id: int, occasion: str) -> str:
    return f"auto:{automation_id}:{customer_id}:{occasion}"
