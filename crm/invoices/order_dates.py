"""Moments of orders: invoices have a day, customers the moment of their last order (`product.md`, Orders)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from crm.values import clock


def order_moment(date: dt.date, entered_at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """Return when the invoice was entered, if on its day in `zone`, else the start of that day, in UTC."""
    if clock.to_local(entered_at, zone).date() == date:
        return entered_at
    return bounds(date, zone)[0]


def bounds(date: dt.date, zone: ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """Return the first moment of a day in `zone`, and of the next day, in UTC."""
    midnight = dt.datetime.combine(date, dt.time())
    return clock.at_or_after(midnight, zone), clock.at_or_after(midnight + dt.timedelta(days=1), zone)
