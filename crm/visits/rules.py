"""When a check-in is a new visit."""

from __future__ import annotations

import datetime as dt


def is_same_visit(since: dt.datetime, now: dt.datetime, hours: int) -> bool:
    """Whether somebody who checked in `since` is still on that visit; its window is not moved by repeats."""
    return now - since < dt.timedelta(hours=hours)
