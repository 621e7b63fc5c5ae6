"""Points become a voucher: once, whole or not at all, and only where the reward is open to the customer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.customers.rules import Tier
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.loyalty.models import PointsEntry
from crm.loyalty.services import PointsError, change_points
from crm.rewards import catalogue, services
from crm.rewards.models import Reward, Voucher
from crm.rewards.queries import open_to
from crm.rewards.refusals import RewardError
from crm.rewards.rules import Period, RewardKind
from tests.factories import Cast, make_branch, make_customer, make_reward
from tests.rewards.steps import (
    HTMX,
    SQLITE,
    THREADS,
    api,
    at,
    at_once,
    change,
    customer_with_points,
    points,
    reward,
    statuses,
    voucher,
)

JAKARTA = dt.timezone(dt.timedelta(hours=7))
NOON = dt.datetime(2026, 11, 25, 12, 0, tzinfo=JAKARTA)  # a Wednesday


@pytest.fixture
def customer(cast: Cast) -> int:
    return customer_with_points(cast.staff, name="Ibu Sari")


def new_reward(cast: Cast, **values: Any) -> int:
    with cast.manager.acting():
        return make_reward(**values)


def redeem(cast: Cast, customer_id: int, reward_id: int, **more: Any) -> Any:
    return api(cast.staff, f"/customers/{customer_id}/redemptions/", {"reward": reward_id, **more})


def why_not(cast: Cast, customer_id: int, reward_id: int, **more: Any) -> str:
    """Return the sentence of a refusal, which the page has, too."""
    answer = redeem(cast, customer_id, reward_id, **more)
    assert answer.status_code == 409, answer.text
    sentence = str(answer.json["error"])
    client = cast.staff.client()
    page = client.post(f"/customers/{customer_id}/redemptions/new", data={"reward": str(reward_id)})
    assert (page.status_code, sentence.replace("'", "&#39;") in page.text) == (422, True), sentence
    return sentence


def test_points_become_a_voucher(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast, name="Free coffee", details="Any cup", voucher_days=30)
    answer = redeem(cast, customer, id_)

    assert answer.status_code == 201
    made = answer.json
    today = dt.date.fromisoformat(made["issued_at"][:10])
    assert (made["reward"], made["customer"], made["points"], made["state"]) == (id_, customer, 100, "issued")
    assert (made["used_at"], made["used_by"], made["branch"], made["invoice"]) == (None, None, None, None)
    assert abs((dt.date.fromisoformat(made["expires_on"]) - today).days - 30) <= 1
    assert points(cast.staff, customer) == 520
    assert reward(cast.staff, id_).taken == 1
    page = cast.viewer.client().get(f"/customers/{customer}")
    assert "Free coffee" in page.text
    assert f"{made['code'][:5]}-{made['code'][5:]}" in page.text
    assert "Voucher</a> issued: Free coffee" in page.text
    assert "Use<" not in page.text, "a viewer uses none"


def test_the_page_issues_a_voucher_and_shows_it_at_once(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast, name="Free coffee")
    client = cast.staff.client()
    assert "Free coffee" in client.get(f"/customers/{customer}/redemptions/new").text

    here = {**HTMX, "HX-Current-URL": f"http://localhost/customers/{customer}"}
    answer = client.post(f"/customers/{customer}/redemptions/new", data={"reward": str(id_)}, headers=here)
    assert answer.status_code == 200
    assert '"closeWindow": true' in answer.headers["HX-Trigger"]
    for part in ("points-panel", f"customer-{customer}"):
        assert f'id="{part}" hx-swap-oob="outerHTML"' in answer.text
    panel = client.get(f"/customers/{customer}/vouchers", headers=HTMX)
    assert "Use<" in panel.text, "it asks for itself"

    plain = client.post(f"/customers/{customer}/redemptions/new", data={"reward": str(id_)})
    assert plain.status_code == 303
    assert client.get(plain.location).text.count("Free coffee") >= 2


def test_a_voucher_can_be_used_in_the_same_step(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast)
    sent = {"reward": str(id_), "at_once": "y"}
    answer = cast.staff.client().post(f"/customers/{customer}/redemptions/new", data=sent)
    assert answer.status_code == 303
    made = voucher(cast.staff, int(answer.location.rpartition("/")[2]))
    assert (made.state, made.used_by_id, made.points) == ("used", cast.staff.user_id, 100)


def test_the_same_request_is_one_voucher(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast)
    key = {"Idempotency-Key": "the-same"}
    first, second = (
        api(cast.staff, f"/customers/{customer}/redemptions/", {"reward": id_}, headers=key) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert (
        api(cast.staff, f"/customers/{customer}/redemptions/", {"reward": id_, "points": 100}, headers=key).status_code
        == 422
    )

    client, sent = cast.staff.client(), {"reward": str(id_), "idempotency_key": "a form's"}
    locations = {client.post(f"/customers/{customer}/redemptions/new", data=sent).location for _ in range(2)}
    assert len(locations) == 1
    assert points(cast.staff, customer) == 420
    assert client.post(f"/customers/{customer}/redemptions/new", data={**sent, "at_once": "y"}).status_code == 422


def test_what_is_malformed_is_400_and_nothing_happens(cast: Cast, customer: int) -> None:
    id_, by_points = (
        new_reward(cast),
        new_reward(cast, kind=RewardKind.AMOUNT_OFF, value=10_000, cost=10, by_points=True),
    )
    for given in (
        {},
        {"reward": None},
        {"reward": "coffee"},
        {"reward": 999_999},
        {"reward": id_, "points": 50},
        {"reward": id_, "points": 0},
        {"reward": by_points},
        {"reward": by_points, "points": 9},
        {"reward": by_points, "points": "many"},
    ):
        assert api(cast.staff, f"/customers/{customer}/redemptions/", given).status_code == 400, given
    client = cast.staff.client()
    for sent in ({}, {"reward": "999999"}, {"reward": "x"}, {"reward": str(by_points), "points": "9"}):
        assert client.post(f"/customers/{customer}/redemptions/new", data=sent).status_code == 422, sent
    assert points(cast.staff, customer) == 620


def test_an_amount_by_the_points_is_worth_what_staff_enter(cast: Cast, customer: int) -> None:
    by_points = new_reward(cast, kind=RewardKind.AMOUNT_OFF, value=100_000, cost=3, by_points=True)
    made = redeem(cast, customer, by_points, points=100).json
    assert (made["points"], made["value"]) == (100, "33333.33"), "rounded down"
    of_one = new_reward(cast, kind=RewardKind.AMOUNT_OFF, value=10_000, cost=1)
    sent = {"reward": str(of_one), "points": "250"}
    answer = cast.staff.client().post(f"/customers/{customer}/redemptions/new", data=sent)
    assert "Rp" in cast.staff.client().get(answer.location).text
    assert voucher(cast.staff, int(answer.location.rpartition("/")[2])).value == 2_500_000
    assert points(cast.staff, customer) == 270
    assert "has 270 points to spend, and this takes 271." in redeem(cast, customer, of_one, points=271).json["error"]


def test_too_few_points_take_none(cast: Cast, customer: int) -> None:
    dear = new_reward(cast, cost=621)
    assert why_not(cast, customer, dear) == "Ibu Sari has 620 points to spend, and this takes 621."
    assert points(cast.staff, customer) == 620
    with cast.staff.acting(), pytest.raises((PointsError, RewardError)):
        services.redeem(customer, dear)
    assert reward(cast.staff, dear).taken == 0


def test_only_what_is_offered_is_redeemed(cast: Cast, customer: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the organization's days: it is Thursday in Jakarta while it is Wednesday in Greenwich."""
    day = NOON.date()
    coming = new_reward(cast, name="Tea", starts_on=day + dt.timedelta(days=1))
    past = new_reward(cast, name="Cake", ends_on=day)
    with cast.staff.acting():
        at(monkeypatch, dt.datetime(2026, 11, 25, 23, 59, tzinfo=JAKARTA))
        with pytest.raises(RewardError, match="Tea begins on Thursday 26 November 2026"):
            services.redeem(customer, coming)
        services.redeem(customer, past)
        at(monkeypatch, dt.datetime(2026, 11, 26, 0, 0, tzinfo=JAKARTA))
        services.redeem(customer, coming)
        with pytest.raises(RewardError, match="Cake ended on Wednesday 25 November 2026"):
            services.redeem(customer, past)


def test_an_archived_reward_is_not_redeemed(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast, name="Tea")
    with cast.manager.acting():
        catalogue.archive(id_)
    assert redeem(cast, customer, id_).json["error"] == "Tea is no longer offered."
    page = cast.staff.client().post(f"/customers/{customer}/redemptions/new", data={"reward": str(id_)})
    assert page.status_code == 422


def test_a_tier_is_asked_for(cast: Cast, customer: int) -> None:
    gold, platinum = (
        new_reward(cast, minimum_tier=Tier.GOLD),
        new_reward(cast, name="Suite", minimum_tier=Tier.PLATINUM),
    )
    assert why_not(cast, customer, platinum) == "Suite is for customers from Platinum up, and Ibu Sari is Gold."
    assert redeem(cast, customer, gold).status_code == 201
    change(cast.staff, Customer, customer, tier="platinum")
    assert redeem(cast, customer, platinum).status_code == 201


def test_a_branch_is_asked_for(cast: Cast, customer: int) -> None:
    with cast.owner.acting():
        north, south = make_branch("North"), make_branch("South")
        with transaction() as session:
            session.get_one(Membership, cast.staff.membership_id).branch_id = south
    id_ = new_reward(cast, name="Tour", branches=[north])
    assert why_not(cast, customer, id_) == "Tour is offered at North only."
    assert api(cast.owner, f"/customers/{customer}/redemptions/", {"reward": id_}).status_code == 201
    change(cast.owner, Reward, id_, branches=[north, south])
    assert redeem(cast, customer, id_).status_code == 201


LIMITS = {
    Period.DAY: ("2026-11-25T00:00", "2026-11-25T23:59", "2026-11-26T00:00", "1 time a day"),
    Period.WEEK: ("2026-11-23T00:00", "2026-11-29T23:59", "2026-11-30T00:00", "1 time a week"),
    Period.MONTH: ("2026-11-01T00:00", "2026-11-30T23:59", "2026-12-01T00:00", "1 time a month"),
    Period.EVER: ("2020-01-01T00:00", "2026-11-30T23:59", "", "1 time, and had it"),
}
"""When a period begins, its last minute and when the next begins, in Jakarta."""


@pytest.mark.parametrize("period", LIMITS)
def test_a_limit_counts_the_period_of_the_organization(
    cast: Cast, customer: int, monkeypatch: pytest.MonkeyPatch, period: Period
) -> None:
    first, last, following, words = LIMITS[period]
    id_ = new_reward(cast, name="Soup", per_customer=1, per_period=period, cost=10)

    def moment(text: str) -> dt.datetime:
        return dt.datetime.fromisoformat(text).replace(tzinfo=JAKARTA)

    with cast.staff.acting():
        at(monkeypatch, moment(first))
        services.redeem(customer, id_)
        at(monkeypatch, moment(last))
        with pytest.raises(RewardError, match=f"Ibu Sari can have Soup {words}"):
            services.redeem(customer, id_)
        if following:
            at(monkeypatch, moment(following))
            services.redeem(customer, id_)
        other = make_customer()
        change_points(other, 10)
        services.redeem(other, id_)


def test_a_limit_of_several_times_and_one_that_was_canceled(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast, name="Soup", per_customer=2, per_period=Period.DAY, cost=10)
    first = redeem(cast, customer, id_).json["id"]
    assert redeem(cast, customer, id_).status_code == 201
    sentence = "Ibu Sari can have Soup 2 times a day, and had it so often today."
    assert why_not(cast, customer, id_) == sentence
    assert api(cast.staff, f"/vouchers/{first}/cancel/", {}).status_code == 200
    assert redeem(cast, customer, id_).status_code == 201
    with cast.staff.acting():
        services.give(customer, id_, "badge:1", "Badge")  # without points, whatever the limit


def test_a_voucher_that_is_given_costs_nothing_and_is_given_once(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast, stock=1)
    with cast.staff.acting():
        first, second = (services.give(customer, id_, "badge:1:2", "Badge").id for _ in range(2))
        with pytest.raises(RewardError, match="No more of"):
            services.give(customer, id_, "badge:1:3", "Badge")
    assert first == second
    assert points(cast.staff, customer) == 620


def test_the_order_of_reasons(cast: Cast, customer: int) -> None:
    """Where several stand against it, the first of the rule book is said."""
    day = dt.date(2020, 1, 1)
    values: dict[str, Any] = {"stock": 0, "cost": 9_999, "minimum_tier": Tier.PLATINUM, "ends_on": day, "name": "Tea"}
    id_ = new_reward(cast, **values)
    said = []
    for loosened in (
        {"ends_on": None},
        {"minimum_tier": None},
        {"stock": None},
        {"cost": 620},
    ):
        said.append(why_not(cast, customer, id_))
        change(cast.manager, Reward, id_, **loosened)
    assert [sentence.partition(" ")[2].split()[0] for sentence in said] == ["ended", "is", "more", "Sari"]
    assert redeem(cast, customer, id_).status_code == 201


def test_what_is_open_is_offered_and_the_rest_says_why(cast: Cast, customer: int) -> None:
    new_reward(cast, name="Free coffee")
    new_reward(cast, name="Suite", minimum_tier=Tier.PLATINUM, cost=10)
    gone = new_reward(cast, name="Gone")
    with cast.manager.acting():
        catalogue.archive(gone)
        offers = open_to(db.session.get_one(Customer, customer))
        assert [(offer.reward.name, bool(offer.refusal)) for offer in offers] == [
            ("Suite", True),
            ("Free coffee", False),
        ]
    page = cast.staff.client().get(f"/customers/{customer}/redemptions/new").text
    assert page.count('name="reward"') == 1
    assert "Suite is for customers from Platinum up" in page
    assert "Gone" not in page


def test_many_customers_and_a_stock_of_five(cast: Cast) -> None:
    id_ = new_reward(cast, stock=5, name="Cake")
    with cast.staff.acting():
        customers = [make_customer() for _ in range(THREADS)]
        for customer_id in customers:
            change_points(customer_id, 100)
    headers, client = cast.staff.token(), cast.staff.app.test_client
    answers = at_once(
        lambda at: client().post(f"/api/customers/{customers[at]}/redemptions/", json={"reward": id_}, headers=headers)
    )
    assert statuses(answers) == {201: 5, 409: THREADS - 5}
    assert {answer.json["error"] for answer in answers if answer.status_code == 409} == {"No more of Cake is left."}
    found = reward(cast.staff, id_)
    assert (found.taken, found.left) == (5, 0)
    with cast.staff.acting():
        assert db.session.scalar(sa.select(sa.func.count(Voucher.id))) == 5
        spent = sa.select(sa.func.count(PointsEntry.id)).where(PointsEntry.asked < 0)
        assert db.session.scalar(spent) == 5, "who got none lost no points"


def test_many_redemptions_and_points_for_one(cast: Cast) -> None:
    id_ = new_reward(cast)
    with cast.staff.acting():
        customer = make_customer()
        change_points(customer, 199)
    headers, client = cast.staff.token(), cast.staff.app.test_client
    answers = at_once(
        lambda at: client().post(f"/api/customers/{customer}/redemptions/", json={"reward": id_}, headers=headers)
    )
    assert statuses(answers) == {201: 1, 409: THREADS - 1}
    assert points(cast.staff, customer) == 99
    assert reward(cast.staff, id_).taken == 1


def test_the_same_key_from_many_threads_is_one_voucher(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast)
    headers, client = {**cast.staff.token(), "Idempotency-Key": "tap"}, cast.staff.app.test_client
    answers = at_once(
        lambda at: client().post(f"/api/customers/{customer}/redemptions/", json={"reward": id_}, headers=headers), 20
    )
    codes = {answer.json["code"] for answer in answers if answer.status_code == 201}
    assert len(codes) == 1
    assert set(statuses(answers)) <= {201, 409}, "or the first is still under way"
    assert points(cast.staff, customer) == 520


@SQLITE
def test_another_organization_has_none_of_it(cast: Cast, customer: int) -> None:
    id_ = new_reward(cast)
    assert api(cast.stranger, f"/customers/{customer}/redemptions/", {"reward": id_}).status_code == 404
    theirs = customer_with_points(cast.stranger)
    assert api(cast.stranger, f"/customers/{theirs}/redemptions/", {"reward": id_}).status_code == 400
    assert api(cast.stranger, f"/rewards/{id_}/").status_code == 404
    assert api(cast.stranger, "/rewards/").json["count"] == 0


@SQLITE
def test_who_is_bound_to_a_branch_redeems_for_its_customers(cast: Cast, customer: int) -> None:
    with cast.owner.acting():
        ours = make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
            session.get_one(Customer, customer).branch_id = ours
    id_ = new_reward(cast, stock=2, per_customer=2)
    made = redeem(cast, customer, id_)
    assert made.status_code == 201
    used = api(cast.staff, "/vouchers/use/", {"code": made.json["code"]})
    assert (used.status_code, used.json["branch"]) == (200, ours)
    assert reward(cast.owner, id_).taken == 1
    other = api(cast.owner, f"/customers/{customer_with_points(cast.owner)}/redemptions/", {"reward": id_}).json
    assert api(cast.staff, "/vouchers/use/", {"code": other["code"]}).status_code == 404
