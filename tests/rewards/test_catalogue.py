"""The catalogue: what a reward can be, on the page and in the API."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crm.kernel.extensions import db
from crm.rewards.models import Reward
from crm.rewards.rules import Period, RewardKind
from tests.factories import Cast, make_branch, make_reward
from tests.rewards.steps import SQLITE, api, reward

COFFEE = {"name": "Free coffee", "kind": "free_item", "value": "Any cup", "cost": "100"}
OFF = {"name": "Off", "kind": "amount_off", "value": "1.500", "cost": "50", "minimum_spend": "20.000"}
PERCENT = {"name": "Tenth", "kind": "percent_off", "value": "10", "maximum": "50000", "cost": "80"}


def newest(cast: Cast) -> Reward:
    with cast.owner.acting():
        return reward(cast.owner, db.session.scalars(sa.select(sa.func.max(Reward.id))).one())


def test_a_reward_is_added_changed_archived_and_restored(cast: Cast) -> None:
    client = cast.manager.client()
    limits = {"stock": "5", "per_customer": "2", "per_period": "week", "minimum_tier": "gold", "voucher_days": "30"}
    dates = {"starts_on": "2026-12-01", "ends_on": "2026-12-31"}
    assert client.post("/rewards/new", data=COFFEE | limits | dates).status_code == 303
    made = newest(cast)
    assert (made.name, made.kind, made.details, made.cost, made.value) == (
        "Free coffee",
        "free_item",
        "Any cup",
        100,
        None,
    )
    assert (made.stock, made.per_customer, made.per_period, made.minimum_tier) == (5, 2, Period.WEEK, "gold")
    assert (str(made.starts_on), str(made.ends_on), made.voucher_days) == ("2026-12-01", "2026-12-31", 30)
    page = client.get("/rewards").text
    for words in ("Free coffee", "Any cup", "2 times a week", "From Gold up"):
        assert words in page

    assert 'value="Any cup"' in client.get(f"/rewards/{made.id}/edit").text
    assert client.post(f"/rewards/{made.id}/edit", data=OFF).status_code == 303
    changed = newest(cast)
    assert (changed.name, changed.value, changed.minimum_spend, changed.details) == ("Off", 1_500_00, 20_000_00, "")
    assert (changed.stock, changed.per_period, changed.minimum_tier) == (None, Period.EVER, None)

    assert client.post(f"/rewards/{made.id}/archive").status_code == 303
    assert newest(cast).is_archived
    assert f'id="reward-{made.id}"' not in client.get("/rewards").text
    assert f'id="reward-{made.id}"' in client.get("/rewards?show=archived").text
    assert client.post(f"/rewards/{made.id}/restore").status_code == 303
    assert not newest(cast).is_archived


def test_the_same_form_makes_one_reward(cast: Cast) -> None:
    client, sent = cast.manager.client(), {**COFFEE, "idempotency_key": "k"}
    assert [client.post("/rewards/new", data=sent).status_code for _ in range(2)] == [303, 303]
    assert client.post("/rewards/new", data={**sent, "cost": "5"}).status_code == 422
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(Reward.id))) == 1


@SQLITE
@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (COFFEE | {"name": ""}, "Enter what the reward is called."),
        (COFFEE | {"kind": "gift"}, "Choose what the reward is."),
        (COFFEE | {"cost": "0"}, "Enter a whole number from 1 to 1.000.000, digits only."),
        (COFFEE | {"cost": "-5"}, "Enter a whole number from 1 to 1.000.000, digits only."),
        (COFFEE | {"cost": "1e3"}, "Enter a whole number from 1 to 1.000.000, digits only."),
        (COFFEE | {"stock": "many"}, "Enter a whole number from 0 to 1.000.000, digits only."),
        (COFFEE | {"voucher_days": "0"}, "Enter a whole number from 1 to 3.650, digits only."),
        (COFFEE | {"minimum_tier": "diamond"}, "Choose one from the list."),
        (COFFEE | {"per_period": "year"}, "Choose one from the list."),
        (COFFEE | {"starts_on": "2026-02-30"}, "Enter a date, like 2026-11-20."),
        (
            COFFEE | {"starts_on": "2026-02-03", "ends_on": "2026-02-02"},
            "Enter an end that is not before the beginning.",
        ),
        (OFF | {"value": ""}, "Enter the amount."),
        (OFF | {"value": "-5"}, "Enter an amount greater than 0."),
        (OFF | {"minimum_spend": "x"}, "Enter the amount in digits"),
        (PERCENT | {"value": "101"}, "Enter a whole number of percent, from 1 to 100."),
        (PERCENT | {"value": ""}, "Enter a whole number of percent, from 1 to 100."),
        (PERCENT | {"maximum": "-1"}, "Enter an amount greater than 0."),
        (COFFEE | {"value": "x" * 301}, "Shorten “Value” by 1 character"),
    ],
)
def test_what_can_be_no_reward_is_said_and_nothing_typed_is_lost(
    cast: Cast, form: dict[str, str], sentence: str
) -> None:
    answer = cast.manager.client().post("/rewards/new", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert form["name"] in answer.text
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count(Reward.id))) == 0


def test_the_api_takes_the_fields_of_the_form(cast: Cast) -> None:
    with cast.owner.acting():
        north = make_branch("North")
    given: dict[str, Any] = {
        "name": "Off",
        "kind": "amount_off",
        "value": "5000.00",
        "cost": 50,
        "minimum_spend": "20000.00",
        "stock": 5,
        "per_customer": 1,
        "per_period": "day",
        "minimum_tier": "silver",
        "branches": [north],
        "starts_on": "2026-12-01",
        "ends_on": None,
        "voucher_days": 7,
    }
    made = api(cast.manager, "/rewards/", given)
    assert made.status_code == 201
    assert {name: made.json[name] for name in given} == given
    assert (made.json["left"], made.json["maximum"], made.json["is_archived"]) == (5, None, False)
    url = f"/rewards/{made.json['id']}/"
    assert api(cast.manager, url, made.json, method="PUT").json["value"] == "5000.00", "an answer can be sent back"
    percent = api(cast.manager, url, {"kind": "percent_off", "value": 10, "maximum": "900.00"}, method="PATCH").json
    assert (percent["value"], percent["maximum"], percent["cost"]) == (10, "900.00", 50)
    words = api(cast.manager, url, {"kind": "other", "value": "A tour of the kitchen"}, method="PATCH").json
    assert (words["value"], words["maximum"]) == ("A tour of the kitchen", None)
    assert api(cast.manager, f"{url}archive/", {}).json["is_archived"]
    assert api(cast.viewer, "/rewards/").json["count"] == 0
    assert api(cast.viewer, "/rewards/?archived=true").json["count"] == 1
    assert not api(cast.manager, f"{url}restore/", {}).json["is_archived"]


@SQLITE
def test_what_the_api_refuses(cast: Cast) -> None:
    good = {"name": "Off", "kind": "amount_off", "value": "5000.00", "cost": 50}
    for wrong in (
        {"value": None},
        {"value": "x"},
        {"value": -5},
        {"kind": "gift"},
        {"kind": "percent_off", "value": 0},
        {"kind": "percent_off", "value": 10.5},
        {"kind": "other", "value": "x" * 301},
        {"cost": 0},
        {"stock": -1},
        {"branches": [999_999]},
        {"minimum_tier": "diamond"},
        {"per_period": "year"},
        {"starts_on": "2026-02-03", "ends_on": "2026-02-02"},
    ):
        answer = api(cast.manager, "/rewards/", good | wrong)
        assert answer.status_code == 400, wrong
        assert answer.json["error"]
    assert api(cast.staff, "/rewards/", good).status_code == 403


@SQLITE
def test_a_reward_for_no_branch_that_is_left(cast: Cast) -> None:
    with cast.owner.acting():
        make_reward(branches=[999_999])
    assert "a deleted branch" in cast.owner.client().get("/rewards").text


@SQLITE
def test_by_the_points_is_an_amount_alone(cast: Cast) -> None:
    client = cast.manager.client()
    client.post("/rewards/new", data=COFFEE | {"by_points": "y"})
    assert not newest(cast).by_points
    client.post("/rewards/new", data=OFF | {"by_points": "y"})
    assert newest(cast).by_points
    client.post("/rewards/new", data=OFF | {"cost": "1"})
    assert newest(cast).by_points, "an amount for one point is for each"
    with cast.owner.acting():
        assert {row.kind for row in db.session.scalars(sa.select(Reward))} == {
            RewardKind.FREE_ITEM,
            RewardKind.AMOUNT_OFF,
        }
