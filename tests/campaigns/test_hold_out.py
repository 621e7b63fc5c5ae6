"""Hold-outs: drawn among those who can be reached, kept for ever, and compared by the draw."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from crm.analytics.holdouts import is_held_out
from crm.campaigns.models import Campaign
from crm.customers.models import Customer
from crm.customers.rules import Consent
from crm.duplicates.services import merge
from crm.invoices.services import add_invoice
from crm.kernel.db import transaction
from crm.kernel.tenancy import insert_many
from crm.values import clock
from tests.campaigns.shop import Shop
from tests.factories import make_duplicate

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SECRET = "0" * 32


def start(shop: Shop, hold_out: str = "50") -> int:
    campaign = shop.campaign(hold_out=hold_out)
    shop.change(Campaign, campaign, draw_key=SECRET)
    shop.say(campaign, "schedule")
    shop.work()
    return campaign


def test_the_draw_is_by_the_secret_alone_and_among_those_who_can_be_reached(shop: Shop) -> None:
    ids = [shop.customer() for _ in range(40)]
    unasked = [shop.customer(marketing_sms=Consent.NOT_ASKED) for _ in range(10)]
    campaign = start(shop)
    parts = shop.parts(campaign)
    drawn = {id_: "held_out" if is_held_out(SECRET, id_, 50) else "treated" for id_ in ids}
    assert parts == drawn | dict.fromkeys(unasked, "skipped")
    held = list(drawn.values()).count("held_out")
    sums = {"held_out": held, "handed_over": 40 - held, "skipped": 10, "skipped:no_consent": 10}
    assert shop.sums(campaign) == sums
    assert {row.customer_id for row in shop.messages()} == {id_ for id_ in ids if drawn[id_] == "treated"}


@SQLITE
def test_whoever_shares_a_number_with_one_who_is_held_out_gets_nothing_either(shop: Shop) -> None:
    for number in range(20):
        shop.customer(phone=f"+628129990{number:04}")
        shop.customer(phone=f"+628129990{number:04}")
    campaign = start(shop)
    parts = list(shop.parts(campaign).values())
    assert parts.count("skipped") == 20
    assert len(shop.messages()) == parts.count("treated")


@SQLITE
def test_the_usual_share_is_ten_percent_from_a_thousand_on(shop: Shop) -> None:
    few = shop.customer()
    campaign = start(shop, hold_out="")
    assert (shop.row(campaign).hold_out, shop.sums(campaign)) == (0, {"handed_over": 1})
    with shop.owner.acting(), transaction() as session:
        shared = {column.key: getattr(session.get_one(Customer, few), column.key) for column in Customer.__table__.c}
        shared = {name: value for name, value in shared.items() if name != "id"}
        insert_many(Customer, [shared | {"phone": f"+6281277{number:05}"} for number in range(1_000)])
    campaign = shop.campaign()
    shop.say(campaign, "schedule")
    shop.turns(1)
    assert shop.row(campaign).hold_out == 10
    sums = shop.sums(campaign)
    assert sums.keys() == {"held_out", "waiting"}
    assert 60 < sums["held_out"] < 140


def test_who_bought_is_compared_by_the_draw_until_two_weeks_are_over(shop: Shop) -> None:
    ids = [shop.customer() for _ in range(60)]
    campaign = start(shop)
    parts = shop.parts(campaign)
    treated = [id_ for id_ in ids if parts[id_] == "treated"]
    held = [id_ for id_ in ids if parts[id_] == "held_out"]
    page = shop.client.get(f"/campaigns/{campaign}").text
    assert "You can't tell yet." in page
    urdu = shop.client.get(f"/campaigns/{campaign}", headers={"Accept-Language": "ur"}).text
    assert len(re.findall("\u2066-?[0-9]+,[0-9]\u2069", urdu)) == 3, "a minus sign stands behind its number"
    today = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")).date()
    with shop.owner.acting():
        for id_ in treated[:15]:
            add_invoice(id_, 150_000_00, today, "")
        add_invoice(held[0], 150_000_00, today, "")
        add_invoice(held[1], 150_000_00, today - dt.timedelta(days=1), "")
    shop.change(Campaign, campaign, started_at=clock.utcnow() - dt.timedelta(days=1))
    shown = result(shop, campaign)
    assert shown["treated"] == {"customers": len(treated), "buyers": 15, "spent": money(15 * 150_000 / len(treated))}
    assert shown["held_out"] == {"customers": len(held), "buyers": 2, "spent": money(2 * 150_000 / len(held))}
    assert shown["low"] > 0
    assert float(shown["spent_low"]) < float(shown["spent_difference"]) < float(shown["spent_high"])
    page = shop.client.get(f"/campaigns/{campaign}").text
    assert "More of those who were to get it bought." in page
    assert "so this is so far" in page
    shop.change(Campaign, campaign, started_at=clock.utcnow() - dt.timedelta(days=20))
    assert result(shop, campaign)["treated"]["buyers"] == 0
    assert "so this is so far" not in shop.client.get(f"/campaigns/{campaign}").text


@SQLITE
def test_a_merged_customer_is_left_out_and_the_sums_still_close(shop: Shop) -> None:
    first, second, *others = (shop.customer(name="Sari") for _ in range(20))
    campaign = start(shop)
    before = shop.sums(campaign)
    with shop.owner.acting():
        merge(make_duplicate(first, second), first, {})
    shown = result(shop, campaign)
    assert shown["treated"]["customers"] + shown["held_out"]["customers"] == len(others)
    assert sum(before.values()) == sum(shop.sums(campaign).values())


@SQLITE
def test_a_draft_says_what_can_be_seen(shop: Shop) -> None:
    for _ in range(10):
        shop.customer()
    page = shop.client.get(f"/campaigns/{shop.campaign(hold_out='10')}").text
    assert "About 1 of them is held out." in page
    for number in ("1.190", "4.000", "21.860", "398", "1.372", "7.682"):
        assert f">{number}</td>" in page
    assert "nothing can be compared" in shop.client.get(f"/campaigns/{shop.campaign(hold_out='0')}").text


def money(amount: float) -> str:
    return f"{amount:.2f}"


def result(shop: Shop, campaign: int) -> dict[str, Any]:
    answer = shop.owner.app.test_client().get(f"/api/campaigns/{campaign}/", headers=shop.owner.token())
    assert answer.json is not None
    return dict(answer.json["result"])
