"""Messages that go out when each customer usually writes or comes in."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crm.campaigns import hours
from crm.campaigns.models import CampaignRecipient
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.values import clock
from crm.visits.models import Visit
from tests.campaigns.shop import Shop
from tests.factories import make_text

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
JAKARTA = clock.zone("Asia/Jakarta")


@pytest.mark.parametrize(
    ("own", "shop", "best"),
    [
        ({}, {}, None),
        ({}, {12: 5, 18: 9}, 18),
        ({}, {12: 5, 18: 5}, 12),
        ({10: 3}, {18: 1_000}, 10),
        ({10: 2}, {18: 1_000}, 18),
        ({3: 50, 23: 50}, {}, None),
        ({3: 50, 19: 1}, {}, 19),
        ({8: 9, 20: 9}, {4: 7, 9: 1}, 9),
    ],
)
def test_the_hour_is_theirs_and_that_of_the_shop_while_little_is_known(
    own: dict[int, int], shop: dict[int, int], best: int | None
) -> None:
    assert hours.best_hour(own, shop) == best


@pytest.mark.parametrize(
    ("hour", "now", "at"),
    [
        (18, "2026-11-30T10:59:00+00:00", "2026-11-30T11:00:00+00:00"),
        (18, "2026-11-30T11:00:00+00:00", "2026-11-30T11:00:00+00:00"),
        (18, "2026-11-30T11:00:01+00:00", "2026-12-01T11:00:00+00:00"),
        (9, "2026-12-31T16:59:59+00:00", "2027-01-01T02:00:00+00:00"),
    ],
)
def test_it_is_the_next_time_the_clocks_show_it(hour: int, now: str, at: str) -> None:
    assert hours.next_at(hour, dt.datetime.fromisoformat(now), JAKARTA) == dt.datetime.fromisoformat(at)


def test_a_day_of_25_hours_is_no_hour_off() -> None:
    berlin, evening = clock.zone("Europe/Berlin"), dt.datetime(2026, 10, 24, 18, tzinfo=dt.UTC)
    assert hours.next_at(9, evening, berlin) == dt.datetime(2026, 10, 25, 8, tzinfo=dt.UTC)


def test_each_gets_it_at_their_hour_within_a_day(shop: Shop) -> None:
    comes_in, writes, twin = shop.customer(), shop.customer("+628129009999"), shop.customer()
    came(shop, comes_in, 17, times=4)
    wrote(shop, "+628129009999", 10, times=4)
    campaign = shop.campaign(at_their_hour="y")
    assert "Each customer gets it at their hour" in shop.client.get(f"/campaigns/{campaign}").text
    shop.say(campaign, "schedule")
    shop.turns()
    found = times_of(shop, campaign)
    assert {id_: clock.to_local(at, JAKARTA).strftime("%H:%M") for id_, at in found.items()} == {
        comes_in: "17:00",
        writes: "10:00",
        twin: "10:00",
    }
    now = clock.utcnow()
    assert all(now - dt.timedelta(minutes=5) < at < now + dt.timedelta(days=1) for at in found.values())
    assert shop.sums(campaign) == {"waiting": 3}
    shop.say(campaign, "stop")
    shop.turns()
    assert shop.sums(campaign) == {"stopped": 3}


@SQLITE
def test_without_it_and_where_nothing_is_known_it_goes_out_at_once(shop: Shop) -> None:
    comes_in, other = shop.customer(), shop.customer()
    unknown = shop.campaign(at_their_hour="y")
    shop.say(unknown, "schedule")
    shop.work()
    assert shop.sums(unknown) == {"handed_over": 2}
    came(shop, comes_in, 17, times=4)
    shop.set(cap_day="9")
    plain = shop.campaign()
    shop.say(plain, "schedule")
    shop.work()
    assert shop.sums(plain) == {"handed_over": 2}
    assert other in times_of(shop, plain)


def came(shop: Shop, customer: int, hour: int, times: int) -> None:
    moments = [at(hour, day) for day in range(1, times + 1)]
    with shop.owner.acting(), transaction() as session:
        session.add_all(Visit(customer_id=customer, at=each, day=each.date()) for each in moments)


def wrote(shop: Shop, sender: str, hour: int, times: int) -> None:
    with shop.owner.acting():
        for day in range(1, times + 1):
            make_text(sender=sender, sent_at=at(hour, day))


def at(hour: int, days_ago: int) -> dt.datetime:
    day = clock.to_local(clock.utcnow(), JAKARTA).date() - dt.timedelta(days=days_ago)
    return dt.datetime.combine(day, dt.time(hour, 20), JAKARTA).astimezone(dt.UTC)


def times_of(shop: Shop, campaign: int) -> dict[int, dt.datetime]:
    with shop.owner.acting():
        statement = sa.select(Message.customer_id, Message.send_at)
        statement = statement.join(CampaignRecipient, CampaignRecipient.message_id == Message.id)
        rows = db.session.execute(statement.where(CampaignRecipient.campaign_id == campaign))
        return {row.customer_id: row.send_at for row in rows}
