"""Notices before points end and before a tier falls: one each, to who may get them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.services import change_organization
from crm.customers.services import archive_customer
from crm.kernel.extensions import db
from crm.loyalty import nightly
from crm.loyalty.services import change_points, redeem
from crm.messages.models import Message
from tests.factories import Cast, make_customer
from tests.loyalty.test_lots import START, Clock, rule, time

__all__ = ["time"]


@pytest.fixture
def shop(cast: Cast, time: Clock) -> Cast:
    with cast.owner.acting():
        change_organization(cast.owner.organization_id, {"sms_gateway": "console", "name": "Toko"})
    return cast


def person(name: str, **values: Any) -> int:
    phone = f"0812 3456 7{len(name)}{ord(name[0])}"
    return make_customer(**{"name": name, "phone": phone, "whatsapp_allowed": False} | values)


def told(cast: Cast) -> list[tuple[int, str]]:
    with cast.owner.acting():
        return [(row.customer_id, row.body) for row in db.session.scalars(sa.select(Message).order_by(Message.id))]


def test_who_has_points_that_end_is_told_30_and_7_days_before(shop: Cast, time: Clock) -> None:
    with shop.owner.acting():
        rule(expiry="days", expiry_days=40)
        sari, budi, spent, gone = map(person, ("Sari", "Budi", "Spent", "Gone"))
        silent = person("Silent", sms_allowed=False, whatsapp_allowed=False)
        for id_ in (sari, spent, gone, silent):
            change_points(id_, 50)
        change_points(sari, 20)
        redeem(spent, 50, "r1", "Reward", "")
        archive_customer(gone)
        time.move(1)
        change_points(budi, 1)
        assert nightly.expire()["notices"] == 0
        for _ in range(45):
            time.move(1)
            nightly.expire()
            assert nightly.expire()["notices"] == 0, "each day once"
    found = told(shop)
    assert Counter(id_ for id_, _ in found) == {sari: 2, budi: 2}
    ends = (START + dt.timedelta(days=40)).date()
    assert found[0] == (
        sari,
        f"Hello Sari, 70 of your points at Toko can be spent until {ends:%A} {ends.day} {ends:%B %Y}.",
    )


def test_nobody_is_told_where_messages_go_by_hand_or_the_owner_says_no(shop: Cast, time: Clock) -> None:
    with shop.owner.acting():
        rule(expiry="days", expiry_days=30, notices=False)
        change_points(person("Sari"), 50)
        assert nightly.expire()["notices"] == 0
        rule(notices=True)
        change_organization(shop.owner.organization_id, {"sms_gateway": "manual"})
        assert nightly.expire()["notices"] == 0
    assert told(shop) == []


def test_a_pause_is_made_up_for_and_a_long_one_is_not(shop: Cast, time: Clock) -> None:
    with shop.owner.acting():
        rule(expiry="days", expiry_days=31)
        change_points(person("Sari"), 50)
        nightly.expire()
        time.move(3)
        assert nightly.expire()["notices"] == 1
        time.move(30)
        assert nightly.expire()["notices"] == 0


def test_who_is_about_to_lose_a_tier_is_told_once(shop: Cast, time: Clock) -> None:
    with shop.owner.acting():
        rule(tier_window="rolling", tier_policies=[["0001-01-01", "rolling", 30]])
        sari = person("Sari")
        change_points(sari, 612)
        time.move(200)
        change_points(sari, 120)
        for _ in range(230):
            time.move(1)
            nightly.expire()
    ((customer_id, body),) = told(shop)
    assert customer_id == sari
    assert body == ("Hello Sari, you are Gold at Toko until Tuesday 8 February 2028. 380 more points by then keep it.")
