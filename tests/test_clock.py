import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values import clock
from crm.values.clock import NonexistentTime

JAKARTA, BERLIN, NEW_YORK = map(clock.zone, ("Asia/Jakarta", "Europe/Berlin", "America/New_York"))
LORD_HOWE, APIA, HAVANA = map(clock.zone, ("Australia/Lord_Howe", "Pacific/Apia", "America/Havana"))
ZONES = [JAKARTA, BERLIN, NEW_YORK, LORD_HOWE, APIA, HAVANA]


def utc(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_now_is_aware():
    assert clock.utcnow().utcoffset() == dt.timedelta(0)


@pytest.mark.parametrize(
    "name", ["", "Asia", "Nowhere/Land", "../etc/passwd", "/etc/passwd", "a\x00b", "localtime", "right/UTC", "x" * 5000]
)
def test_an_unknown_zone_is_refused_with_a_sentence(name):
    with pytest.raises(ValueError, match="Choose a time zone from the list"):
        clock.zone(name)


def test_every_zone_to_choose_is_a_zone():
    names = clock.zone_names()
    assert {"UTC", "Asia/Jakarta", "Asia/Karachi"} <= set(names)
    assert all(clock.zone(name).key == name for name in names)


def test_a_naive_time_is_a_mistake_of_ours():
    with pytest.raises(TypeError):
        clock.to_local(dt.datetime(2026, 11, 24), JAKARTA)


@pytest.mark.parametrize(
    ("naive", "zone", "moment"),
    [
        ("2026-11-24T09:00", JAKARTA, "2026-11-24T02:00"),
        ("2026-03-29T01:59", BERLIN, "2026-03-29T00:59"),
        ("2026-03-29T03:00", BERLIN, "2026-03-29T01:00"),
        ("2026-10-25T03:00", BERLIN, "2026-10-25T02:00"),
    ],
)
def test_a_local_time_is_a_moment(naive, zone, moment):
    assert clock.from_local(dt.datetime.fromisoformat(naive), zone) == (utc(moment), None)


@pytest.mark.parametrize(
    ("naive", "zone", "sentence"),
    [
        (
            "2026-03-29T02:30",
            BERLIN,
            "02:30 on Sunday 29 March 2026 does not exist in Europe/Berlin, because the clocks go forward. "
            "Choose 03:00 or later.",
        ),
        ("2026-03-29T02:00", BERLIN, "03:00 or later"),
        ("2026-03-08T02:59", NEW_YORK, "03:00 or later"),
        ("2026-10-04T02:15", LORD_HOWE, "02:30 or later"),
        ("2026-03-08T00:30", HAVANA, "01:00 or later"),
    ],
)
def test_a_time_that_does_not_exist_is_refused(naive, zone, sentence):
    with pytest.raises(NonexistentTime, match=re.escape(sentence)):
        clock.from_local(dt.datetime.fromisoformat(naive), zone)


def test_of_a_time_that_comes_twice_the_first_is_taken():
    moment, note = clock.from_local(dt.datetime(2026, 10, 25, 2, 30), BERLIN)
    assert moment == utc("2026-10-25T00:30")
    assert note == (
        "02:30 on Sunday 25 October 2026 comes twice in Europe/Berlin, because the clocks go back. "
        "This is the first one."
    )


@pytest.mark.parametrize("naive", [dt.datetime.min, dt.datetime.max, dt.datetime(2201, 1, 1)])
def test_a_year_out_of_reach_is_refused(naive):
    with pytest.raises(ValueError, match="Enter a year from 1900 to 2200"):
        clock.from_local(naive, BERLIN)


@pytest.mark.parametrize(
    ("days", "now", "zone", "then"),
    [
        (0, "2026-11-20T13:00:05", JAKARTA, "2026-11-20T13:00:05"),
        (1, "2026-11-20T13:00:05", JAKARTA, "2026-11-21T13:00:05"),
        (1, "2026-03-28T09:00", BERLIN, "2026-03-29T08:00"),
        (1, "2026-10-24T08:00", BERLIN, "2026-10-25T09:00"),
        (1, "2026-03-28T01:30", BERLIN, "2026-03-29T01:30"),
        (1, "2026-10-24T00:30", BERLIN, "2026-10-25T00:30"),
        (1, "2026-10-25T01:30", BERLIN, "2026-10-26T01:30"),
        (7, "2026-10-25T01:30", BERLIN, "2026-11-01T01:30"),
    ],
)
def test_in_days_is_that_day_at_this_time_of_day(days, now, zone, then):
    assert clock.in_days(days, utc(now), zone) == utc(then)


@pytest.mark.parametrize("days", [-1, 732, 10**12])
def test_days_out_of_reach_are_refused(days):
    with pytest.raises(ValueError, match="Enter a number of days from 0 to 731"):
        clock.in_days(days, utc("2026-11-20T13:00"), JAKARTA)


@pytest.mark.parametrize(
    ("now", "zone", "hours", "end"),
    [
        ("2026-11-20T13:59", JAKARTA, "21:00-08:00", None),
        ("2026-11-20T14:00", JAKARTA, "21:00-08:00", "2026-11-21T01:00"),
        ("2026-11-20T18:00", JAKARTA, "21:00-08:00", "2026-11-21T01:00"),
        ("2026-11-21T00:59", JAKARTA, "21:00-08:00", "2026-11-21T01:00"),
        ("2026-11-21T01:00", JAKARTA, "21:00-08:00", None),
        ("2026-11-20T06:00", JAKARTA, "12:00-14:00", "2026-11-20T07:00"),
        ("2026-11-20T07:00", JAKARTA, "12:00-14:00", None),
        ("2026-11-20T07:00", JAKARTA, "12:00-12:00", None),
        ("2026-11-20T07:00", JAKARTA, None, None),
        # The night of the gap is an hour shorter, that of the overlap an hour longer.
        ("2026-03-28T22:00", BERLIN, "21:00-08:00", "2026-03-29T06:00"),
        ("2026-10-24T22:00", BERLIN, "21:00-08:00", "2026-10-25T07:00"),
        # An end that the clocks skip comes when they do.
        ("2026-03-29T00:30", BERLIN, "21:00-02:30", "2026-03-29T01:00"),
        # An end that comes twice: the first, and from within the second round the second.
        ("2026-10-25T00:10", BERLIN, "21:00-02:30", "2026-10-25T00:30"),
        ("2026-10-25T01:10", BERLIN, "21:00-02:30", "2026-10-25T01:30"),
    ],
)
def test_quiet_hours_end(now, zone, hours, end):
    times = [dt.time.fromisoformat(part) for part in hours.split("-")] if hours else (None, None)
    assert clock.in_quiet_hours(utc(now), zone, *times) is (end is not None)
    assert clock.quiet_end(utc(now), zone, *times) == utc(end or now)


NOW = utc("2026-11-20T13:00")


@pytest.mark.parametrize(
    ("moment", "locale", "said"),
    [
        ("2026-11-20T03:30", "id_ID", "Today 10:30"),
        ("2026-11-21T02:00", "id_ID", "Tomorrow 09:00"),
        ("2026-11-19T02:00", "id_ID", "Yesterday 09:00"),
        ("2026-11-24T02:00", "id_ID", "Tue 24 Nov 09:00"),
        ("2026-11-24T02:00", "en_US", "Tue Nov 24 09:00"),
        ("2027-01-05T02:00", "id_ID", "Tue 5 Jan 2027 09:00"),
        ("2027-01-05T02:00", "en-US", "Tue Jan 5, 2027 09:00"),
        # 18:00 UTC is tomorrow in Jakarta already.
        ("2026-11-20T18:00", "id_ID", "Tomorrow 01:00"),
    ],
)
def test_a_moment_is_said_as_people_say_it(moment, locale, said):
    assert clock.say_when(utc(moment), NOW, JAKARTA, locale) == said


def test_a_moment_is_said_in_full_with_its_zone():
    moment = utc("2026-11-24T02:00")
    assert clock.say_full(moment, JAKARTA, "id_ID") == "Tuesday 24 November 2026 at 09:00 (Asia/Jakarta)"
    assert clock.say_full(moment, NEW_YORK, "en_US") == "Monday, November 23, 2026 at 21:00 (America/New_York)"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (dt.date(2026, 11, 20), "Today"),
        (dt.date(2026, 11, 19), "Yesterday"),
        (dt.date(2026, 11, 21), "Tomorrow"),
        (dt.date(2026, 11, 12), "12 Nov"),
        (dt.date(2025, 11, 12), "12 Nov 2025"),
    ],
)
def test_a_date_is_said_as_people_say_it(day, said):
    assert clock.say_date(day, dt.date(2026, 11, 20), "id_ID") == said


MOMENTS = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2035, 12, 31), timezones=st.just(dt.UTC))
MINUTES = st.times().map(lambda time: time.replace(second=0, microsecond=0))


@given(MOMENTS, st.sampled_from(ZONES), MINUTES, MINUTES)
def test_after_the_end_it_is_not_quiet(now, zone, quiet_from, quiet_until):
    end = clock.quiet_end(now, zone, quiet_from, quiet_until)
    assert not clock.in_quiet_hours(end, zone, quiet_from, quiet_until)
    assert (end > now) is clock.in_quiet_hours(now, zone, quiet_from, quiet_until)
    assert end - now <= dt.timedelta(hours=49)


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_local_time_comes_back(moment, zone):
    local = clock.to_local(moment, zone)
    again, note = clock.from_local(local.replace(tzinfo=None), zone)
    assert again == moment or (note is not None and again < moment)


@given(MOMENTS, st.sampled_from(ZONES), st.integers(1, 731))
def test_in_days_is_that_day(now, zone, days):
    then = clock.to_local(clock.in_days(days, now, zone), zone)
    today = clock.to_local(now, zone)
    asked = today.replace(tzinfo=None, fold=0) + dt.timedelta(days=days)
    assert abs(then.replace(tzinfo=None, fold=0) - asked) <= dt.timedelta(days=1)
    assert then.replace(tzinfo=None, fold=0) >= asked
