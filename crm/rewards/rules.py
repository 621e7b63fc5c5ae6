"""What rewards and vouchers may be; pure."""

from __future__ import annotations

import datetime as dt
import enum

from crm.values.language import N_

MAX_NAME = 100
MAX_DETAILS = 300
MAX_COST = 1_000_000
"""Points, as many as one change of points may have."""
MAX_STOCK = 1_000_000
MAX_TIMES = 1_000
MAX_DAYS = 3_650
MAX_BRANCHES = 200

UNDO_WITHIN = dt.timedelta(minutes=15)
"""For how long whoever used a voucher may take that back; managers may at any time."""


class RewardKind(enum.StrEnum):
    AMOUNT_OFF = "amount_off"
    PERCENT_OFF = "percent_off"
    FREE_ITEM = "free_item"
    OTHER = "other"

    @property
    def label(self) -> str:
        return str(_KINDS[self])


_KINDS = {
    RewardKind.AMOUNT_OFF: N_("Amount off"),
    RewardKind.PERCENT_OFF: N_("Percent off"),
    RewardKind.FREE_ITEM: N_("Free item"),
    RewardKind.OTHER: N_("Something else"),
}


class Period(enum.StrEnum):
    """In which a customer may have a reward so many times: of the calendar, in the organization's zone."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    EVER = "ever"

    @property
    def label(self) -> str:
        return str(_PERIODS[self])


_PERIODS = {
    Period.DAY: N_("Day"),
    Period.WEEK: N_("Week"),
    Period.MONTH: N_("Month"),
    Period.EVER: N_("Ever"),
}


class VoucherState(enum.StrEnum):
    ISSUED = "issued"
    USED = "used"
    EXPIRED = "expired"
    CANCELED = "canceled"

    @property
    def label(self) -> str:
        return str(_STATES[self])

    @property
    def tone(self) -> str:
        return _TONES[self]


_STATES = {
    VoucherState.ISSUED: N_("Not used yet"),
    VoucherState.USED: N_("Used"),
    VoucherState.EXPIRED: N_("Expired"),
    VoucherState.CANCELED: N_("Canceled"),
}
_TONES = {
    VoucherState.ISSUED: "good",
    VoucherState.USED: "neutral",
    VoucherState.EXPIRED: "attention",
    VoucherState.CANCELED: "neutral",
}


def first_day(period: Period, today: dt.date) -> dt.date | None:
    """Return the day on which the period of today began, weeks on Monday; None for one without a beginning."""
    if period is Period.DAY:
        return today
    if period is Period.WEEK:
        return today - dt.timedelta(days=today.weekday())
    return today.replace(day=1) if period is Period.MONTH else None


def worth_of(value: int, points: int, cost: int) -> int:
    """Return the amount that points buy at `value` for each `cost`, rounded down."""
    return value * points // cost
