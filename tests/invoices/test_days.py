"""When an order was: at its entry if that was on its day, else at the start of that day."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.invoices.order_dates import bounds, order_moment
from crm.values import clock

DAY = dt.date(2026, 11, 20)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("entered", "moment"),
    [
        ("2026-11-19T16:59:59.999999", "2026-11-19T17:00"),
        ("2026-11-19T17:00", "2026-11-19T17:00"),
        ("2026-11-20T03:30:15", "2026-11-20T03:30:15"),
        ("2026-11-20T16:59:59.999999", "2026-11-20T16:59:59.999999"),
        ("2026-11-20T17:00", "2026-11-19T17:00"),
        ("2027-01-05T08:00", "2026-11-19T17:00"),
    ],
)
def test_the_day_is_the_organizations(entered: str, moment: str) -> None:
    assert order_moment(DAY, utc(entered), clock.zone("Asia/Jakarta")) == utc(moment)


def test_a_day_that_begins_after_a_skip_begins_then() -> None:
    zone = clock.zone("Africa/Cairo")  # on 24 April 2026 the clocks skip from 0:00 to 1:00
    assert bounds(dt.date(2026, 4, 24), zone) == (utc("2026-04-23T22:00"), utc("2026-04-24T21:00"))
    assert order_moment(dt.date(2026, 4, 24), utc("2026-05-01T10:00"), zone) == utc("2026-04-23T22:00")
