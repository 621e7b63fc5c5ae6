"""When a message comes again: the last day of short months, 29 February, and clocks that change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.series.rules import Frequency, Rule
from crm.values import clock

JAKARTA, NEW_YORK, BERLIN, LORD_HOWE = (
    ZoneInfo(name) for name in ("Asia/Jakarta", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
)
DAILY, WEEKLY, MONTHLY, YEARLY = Frequency


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def rule(frequency: Frequency, start: str, at: str = "09:00", every: int = 1, until: str | None = None) -> Rule:
    return Rule(frequency, every, day(start), dt.time.fromisoformat(at), day(until) if until else None)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("frequency", "every", "start", "dates"),
    [
        (DAILY, 1, "2026-12-30", ["2026-12-30", "2026-12-31", "2027-01-01"]),
        (DAILY, 10, "2027-02-20", ["2027-02-20", "2027-03-02", "2027-03-12"]),
        (WEEKLY, 1, "2026-11-24", ["2026-11-24", "2026-12-01", "2026-12-08"]),
        (WEEKLY, 2, "2026-12-24", ["2026-12-24", "2027-01-07"]),
        (MONTHLY, 1, "2026-11-15", ["2026-11-15", "2026-12-15", "2027-01-15"]),
        (MONTHLY, 1, "2027-01-31", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]),
        (MONTHLY, 1, "2028-01-31", ["2028-01-31", "2028-02-29", "2028-03-31"]),
        (MONTHLY, 1, "2027-01-30", ["2027-01-30", "2027-02-28", "2027-03-30"]),
        (MONTHLY, 1, "2027-01-29", ["2027-01-29", "2027-02-28", "2027-03-29"]),
        (MONTHLY, 3, "2026-11-30", ["2026-11-30", "2027-02-28", "2027-05-30"]),
        (MONTHLY, 13, "2026-12-31", ["2026-12-31", "2028-01-31", "2029-02-28"]),
        (YEARLY, 1, "2026-08-17", ["2026-08-17", "2027-08-17", "2028-08-17"]),
        (YEARLY, 1, "2028-02-29", ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
        (YEARLY, 4, "2028-02-29", ["2028-02-29", "2032-02-29"]),
    ],
)
def test_dates_are_counted_from_the_first(frequency: Frequency, every: int, start: str, dates: list[str]) -> None:
    found = rule(frequency, start, every=every)
    assert [found.date(number) for number in range(len(dates))] == [day(text) for text in dates]


@pytest.mark.parametrize(
    ("until", "last"), [("2026-12-29", 0), ("2026-12-30", 1), ("2027-01-29", 1), ("2027-02-28", 3)]
)
def test_the_last_day_counts(until: str, last: int) -> None:
    found = rule(MONTHLY, "2026-11-30", until=until)
    assert found.date(last) is not None
    assert found.date(last + 1) is None


@pytest.mark.parametrize(
    ("zone", "found", "after", "moments"),
    [
        (JAKARTA, rule(DAILY, "2026-11-24"), "2026-11-24T01:59", ["2026-11-24T02:00", "2026-11-25T02:00"]),
        (JAKARTA, rule(DAILY, "2026-11-24"), "2026-11-24T02:00", ["2026-11-25T02:00"]),
        # 09:00 stays 09:00 when clocks go forward (14 March 2027) and back (1 November 2026).
        (NEW_YORK, rule(DAILY, "2027-03-13"), "2027-03-13T13:00", ["2027-03-13T14:00", "2027-03-14T13:00"]),
        (NEW_YORK, rule(DAILY, "2026-10-31"), "2026-10-31T00:00", ["2026-10-31T13:00", "2026-11-01T14:00"]),
        (BERLIN, rule(WEEKLY, "2027-03-24"), "2027-03-24T00:00", ["2027-03-24T08:00", "2027-03-31T07:00"]),
        # 02:30 does not exist: the first moment after; then 02:30 again.
        (NEW_YORK, rule(DAILY, "2027-03-13", "02:30"), "2027-03-13T08:00", ["2027-03-14T07:00", "2027-03-15T06:30"]),
        (BERLIN, rule(DAILY, "2027-03-27", "02:30"), "2027-03-27T02:00", ["2027-03-28T01:00", "2027-03-29T00:30"]),
        (LORD_HOWE, rule(DAILY, "2026-10-03", "02:15"), "2026-10-03T00:00", ["2026-10-03T15:30", "2026-10-04T15:15"]),
        # 01:30 comes twice: the first.
        (NEW_YORK, rule(DAILY, "2026-10-31", "01:30"), "2026-10-31T06:00", ["2026-11-01T05:30", "2026-11-02T06:30"]),
        (BERLIN, rule(DAILY, "2026-10-24", "02:30"), "2026-10-24T01:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        (JAKARTA, rule(MONTHLY, "2026-08-31"), "2026-09-30T03:00", ["2026-10-31T02:00", "2026-11-30T02:00"]),
        (JAKARTA, rule(YEARLY, "2024-02-29"), "2026-11-20T00:00", ["2027-02-28T02:00", "2028-02-29T02:00"]),
        # In Jakarta it is the 24th already.
        (JAKARTA, rule(DAILY, "2026-11-24", "03:00"), "2026-11-23T19:00", ["2026-11-23T20:00"]),
    ],
)
def test_the_next_moment_is_at_the_same_time_of_day(
    zone: ZoneInfo, found: Rule, after: str, moments: list[str]
) -> None:
    moment, said = utc(after), []
    for _ in moments:
        next_ = found.next_after(moment, zone)
        assert next_ is not None
        moment = next_.moment
        said.append(moment)
    assert said == [utc(text) for text in moments]


def test_an_ended_rule_has_no_next() -> None:
    found = rule(DAILY, "2026-11-24", until="2026-11-25")
    assert found.next_after(utc("2026-11-25T01:00"), JAKARTA) is not None
    assert found.next_after(utc("2026-11-25T02:00"), JAKARTA) is None
    assert rule(YEARLY, "2026-11-24", every=365).next_after(utc("2027-01-01T00:00"), JAKARTA) is None


@pytest.mark.parametrize(
    ("found", "after", "before", "count"),
    [
        (rule(DAILY, "2026-11-01"), "2026-11-10", "2026-11-11", 0),
        (rule(DAILY, "2026-11-01"), "2026-11-10", "2026-11-14", 3),
        (rule(MONTHLY, "2026-01-31"), "2026-01-31", "2026-05-31", 3),
        (rule(YEARLY, "2024-02-29"), "2024-02-29", "2027-02-28", 2),
        (rule(DAILY, "2026-11-01", until="2026-11-11"), "2026-11-10", "2026-11-14", 1),
    ],
)
def test_what_lies_between_is_counted(found: Rule, after: str, before: str, count: int) -> None:
    assert found.count_between(day(after), day(before)) == count


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (rule(DAILY, "2026-11-24"), "every day"),
        (rule(DAILY, "2026-11-24", every=3), "every 3 days"),
        (rule(WEEKLY, "2026-11-24"), "every week on Tuesday"),
        (rule(MONTHLY, "2026-11-01"), "every month on the 1st"),
        (rule(MONTHLY, "2026-11-22", every=2), "every 2 months on the 22nd"),
        (rule(MONTHLY, "2026-11-13"), "every month on the 13th"),
        (rule(MONTHLY, "2026-12-31"), "every month on the 31st or the last day"),
        (rule(MONTHLY, "2026-12-29"), "every month on the 29th or the last day"),
        (rule(YEARLY, "2026-08-17"), "every year on 17 August"),
        (rule(YEARLY, "2028-02-29"), "every year on 29 February, in other years on 28 February"),
        (rule(DAILY, "2026-11-24", until="2026-12-31"), "every day, until Thursday 31 December 2026"),
    ],
)
def test_it_is_said_in_words(found: Rule, said: str) -> None:
    assert found.said() == said


@given(
    st.sampled_from(list(Frequency)),
    st.integers(1, 365),
    st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1)),
    st.times().map(lambda time: time.replace(microsecond=0)),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2080, 1, 1), timezones=st.just(dt.UTC)),
    st.sampled_from([JAKARTA, NEW_YORK, BERLIN, LORD_HOWE]),
)
def test_the_next_is_later_and_nothing_is_passed_over(
    frequency: Frequency, every: int, start: dt.date, at: dt.time, moment: dt.datetime, zone: ZoneInfo
) -> None:
    found = Rule(frequency, every, start, at)
    next_ = found.next_after(moment, zone)
    if next_ is None:
        return
    assert next_.moment > moment
    assert next_.moment == clock.at_or_after(dt.datetime.combine(next_.date, at), zone)
    number = next(number for number in range(40_000) if found.date(number) == next_.date)
    if number:
        before = found.date(number - 1)
        assert before is not None
        assert clock.at_or_after(dt.datetime.combine(before, at), zone) <= moment
