"""When scores and predictions may be shown."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any

LOOK_BACK_MONTHS, MARGIN = 24, 100
"""What counts where an organization has chosen nothing else: months, and percent."""

LONGEST_LOOK_BACK = 60
"""Months."""

FEWEST_REPEATERS, FEWEST_WEEKS = 200, 26
MOST_CORRELATED = 0.3

Found = dict[str, Any]
"""What a computation learned: JSON values."""


def may_fit(found: Found) -> bool:
    return bool(found["repeaters"] >= FEWEST_REPEATERS and found["weeks"] >= FEWEST_WEEKS)


def since(as_of: dt.date, months: int) -> dt.date:
    """Return the first day of a look-back of some months that ends with `as_of`."""
    index = as_of.year * 12 + as_of.month - 1 - months
    year, month = index // 12, index % 12 + 1
    day = min(as_of.day, calendar.monthrange(year, month)[1])
    return dt.date(year, month, day) + dt.timedelta(days=1)


def about(amount: int) -> int:
    """Round to two digits: what is foretold is no more exact than that."""
    step = int(10 ** max(0, len(str(abs(amount))) - 2))
    return (2 * amount + step) // (2 * step) * step
