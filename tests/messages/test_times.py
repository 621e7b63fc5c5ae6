"""The times that the form of a message offers."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.accounts.models import Organization, User
from crm.compose.times import offered_times
from crm.kernel.db import transaction
from tests.messages.shop import Shop

sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOON = dt.datetime(2026, 11, 24, 5, tzinfo=dt.UTC)
"""Noon on a Tuesday in Jakarta."""


def offered(now: dt.datetime, quiet: tuple[int, int] | None = None, zone: str = "Asia/Jakarta") -> dict[str, str]:
    hours = [dt.time(hour) for hour in quiet] if quiet else [None, None]
    organization = Organization(time_zone=zone, quiet_from=hours[0], quiet_until=hours[1])
    return {time.label: time.send_at or time.in_days for time in offered_times(organization, now)}


def chosen(page: str) -> list[str]:
    inputs = re.findall(r'<input[^>]*name="when"[^>]*>', page)
    return [part.split('value="')[1].split('"')[0] for part in inputs if " checked" in part]


def test_times_are_on_the_organizations_clocks() -> None:
    assert offered(NOON) == {
        "Now": "0",
        "This evening 18:00": "2026-11-24T18:00",
        "Tomorrow 09:00": "2026-11-25T09:00",
        "In 3 days": "2026-11-27T09:00",
        "Next week": "2026-12-01T09:00",
        "Pick a time": "",
    }
    # 23:30 in Jakarta is the same day, and its evening has passed.
    late = offered(dt.datetime(2026, 11, 24, 16, 30, tzinfo=dt.UTC))
    assert list(late)[:2] == ["Now", "Tomorrow 09:00"]
    assert late["Tomorrow 09:00"] == "2026-11-25T09:00"


def test_a_time_in_quiet_hours_is_their_end_or_is_not_offered() -> None:
    labels = list(offered(NOON, (17, 10)))
    assert labels == ["Now", "Tomorrow 10:00", "In 3 days", "Next week", "Pick a time"]
    assert list(offered(NOON, (8, 23)))[1] == "This evening 23:00"


def test_a_time_that_the_clocks_skip_is_the_next_one() -> None:
    before = dt.datetime(2026, 9, 5, 12, tzinfo=dt.UTC)
    assert "2026-09-06T09:00" in offered(before, zone="America/Santiago").values()


@sqlite_only
def test_the_form_begins_with_tomorrow_morning(shop: Shop, owner: FlaskClient) -> None:
    page = owner.get(f"/customers/{shop.customer()}/messages/new").text
    assert chosen(page) == ["tomorrow"]
    assert "at 09:00 (Asia/Jakarta), by WhatsApp" in page


@sqlite_only
@pytest.mark.parametrize(
    ("fields", "wanted"),
    [({}, "tomorrow"), ({"in_days": "0"}, "now"), ({"in_days": "2"}, "pick"), ({"in_days": "x"}, "pick")],
)
def test_a_form_that_comes_back_keeps_the_choice(
    shop: Shop, owner: FlaskClient, fields: dict[str, str], wanted: str
) -> None:
    url = f"/customers/{shop.customer()}/messages/new"
    first = owner.get(url).text.split('name="send_at"')[1].split('value="')[1].split('"')[0]
    sent = {"channel": "sms", "body": "", "send_at": "" if "in_days" in fields else first, **fields}
    page = owner.post(url, data=sent).text
    assert chosen(page) == [wanted]


@sqlite_only
def test_the_sentence_says_what_quiet_hours_do(shop: Shop, owner: FlaskClient) -> None:
    shop.set(quiet_from="20:00", quiet_until="08:00")
    fields = {"channel": "sms", "body": "Hi", "send_at": "2027-11-22T21:00"}
    said = owner.post(f"/customers/{shop.customer()}/messages/preview", data=fields).text
    assert "Quiet hours: it will be sent on Tuesday 23 November 2027 at 08:00 (Asia/Jakarta)." in unescape(said)


@sqlite_only
def test_a_number_keeps_its_order_among_words_that_run_from_right_to_left(shop: Shop, owner: FlaskClient) -> None:
    with shop.inside(), transaction() as session:
        session.execute(sa.update(User).values(language="ur"))
    fields = {"channel": "sms", "body": "Hi", "in_days": "0"}
    said = owner.post(f"/customers/{shop.customer()}/messages/preview", data=fields).text
    assert "\u2066+62 812-3456-7890\u2069" in said
