"""Points are spent on the own page, and what they bought is shown there and to staff who scan the card."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customer_page.rules import Scope
from crm.kernel.extensions import db
from crm.rewards.models import Voucher
from crm.rewards.rules import RewardKind
from tests.customer_page.door import link_of, opened
from tests.factories import Cast, make_card_code, make_customer, make_points_entry, make_reward, make_voucher


@pytest.fixture
def siti(cast: Cast) -> int:
    with cast.owner.acting():
        customer = make_customer(name="Siti Rahma")
        make_points_entry(customer)  # 620
        return customer


def vouchers(cast: Cast, customer_id: int) -> list[tuple[str, int]]:
    with cast.owner.acting():
        found = sa.select(Voucher).where(Voucher.customer_id == customer_id).order_by(Voucher.id)
        return [(row.shown_code, row.points) for row in db.session.scalars(found)]


def test_points_buy_a_voucher_once(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        coffee, dear = make_reward(name="Coffee", cost=100), make_reward(name="Machine", cost=9_000)
    page = opened(app, link_of(cast.owner, siti))
    shown = page.get("/c/page").text
    assert f'name="reward" value="{coffee}"' in shown
    assert f'name="reward" value="{dear}"' not in shown
    assert "Machine" in shown
    form = {"reward": str(coffee), "idempotency_key": "k"}
    for _ in range(2):
        answer = page.post("/c/redeem", data=form)
        assert (answer.status_code, answer.location) == (303, "/c/page#vouchers")
    ((code, points),) = vouchers(cast, siti)
    assert points == 100
    shown = page.get("/c/page").text
    assert code in shown
    assert re.search(r"<strong>520</strong>\s+points", shown)
    assert "by the customer" in cast.staff.client().get(f"/customers/{siti}/timeline").text
    for wrong in ({"reward": str(dear)}, {"reward": ""}, {"reward": "999999"}, {"points": "x"}, {"reward": "9" * 30}):
        refused = page.post("/c/redeem", data={**form, "idempotency_key": "l", **wrong})
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True), wrong
    assert len(vouchers(cast, siti)) == 1


def test_a_reward_by_the_point_takes_as_many_as_were_typed(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        off = make_reward(name="Off", kind=RewardKind.AMOUNT_OFF, value=100_00, cost=1, by_points=True)
    page = opened(app, link_of(cast.owner, siti))
    assert f'id="points-{off}"' in page.get("/c/page").text
    assert page.post("/c/redeem", data={"reward": str(off), "points": "250"}).status_code == 303
    assert page.post("/c/redeem", data={"reward": str(off), "points": "9999"}).status_code == 422
    assert [points for _, points in vouchers(cast, siti)] == [250]


def test_the_card_and_who_scans_it_see_the_vouchers_that_can_be_used(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        voucher = make_voucher(siti, name="Free cake")
        code = make_card_code(siti)
    card = opened(app, link_of(cast.owner, siti, Scope.CARD))
    ((shown_code, _),) = vouchers(cast, siti)
    assert shown_code in card.get("/c/card").text
    staff = cast.staff.client()
    scanned = staff.get(f"/v/{code}").text
    assert f'action="/vouchers/{voucher}/use"' in scanned
    assert f'action="/vouchers/{voucher}/use"' not in cast.viewer.client().get(f"/v/{code}").text
    assert staff.post(f"/vouchers/{voucher}/use").status_code == 303
    assert shown_code not in card.get("/c/card").text
    assert f'/vouchers/{voucher}/use"' not in staff.get(f"/v/{code}").text
    assert card.post("/c/redeem", data={"reward": "1"}).status_code == 404
