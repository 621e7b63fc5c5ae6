"""What a void, a mistake, a merge and an erasure take back of badges."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from crm.badges.models import Badge, BadgeGrant
from crm.badges.rules import Metric, Period, Reward
from crm.invoices.edits import edit_invoice
from crm.invoices.services import void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.privacy.erasure import erase
from crm.rewards import services as vouchers
from crm.rewards.models import Voucher
from crm.rewards.rules import VoucherState
from crm.visits import services as visits
from tests.badges.steps import POINTS, places, points, sell
from tests.duplicates.whole import differences, everything, last_event
from tests.factories import Cast, make_badge, make_customer, make_duplicate, make_reward
from tests.visits.test_visits import Clock


def test_a_void_within_a_day_takes_the_badge_and_its_points(cast: Cast, customer: int, now: Clock) -> None:
    with cast.manager.acting():
        make_badge(target=2, **POINTS)
    client = cast.staff.client()
    with cast.staff.acting():
        sell(customer, "2026-11-28")
    for _ in range(3):
        with cast.staff.acting():
            now.at("2026-11-29T05:00:00")
            invoice = sell(customer, "2026-11-29")
        assert (places(cast.staff, customer), points(cast.staff, customer)) == (["1"], 50)
        with cast.staff.acting():
            now.at("2026-11-30T05:00:00")
            void_invoice(invoice)
        assert (places(cast.staff, customer), points(cast.staff, customer)) == ([], 0)
    told = client.get(f"/customers/{customer}/timeline").text
    assert "taken: the target was missed after all" in told
    assert "Taken back: 50 points" in told
    assert "Badges</dt>" not in client.get(f"/customers/{customer}").text
    with cast.staff.acting():
        assert db.session.scalar(sa.select(sa.func.count(BadgeGrant.id))) == 1, "one row, however often"


def test_a_later_void_leaves_the_badge_and_takes_what_it_gave(cast: Cast, customer: int, now: Clock) -> None:
    with cast.manager.acting():
        make_badge(target=2, **POINTS)
    with cast.staff.acting():
        sell(customer, "2026-11-28")
        invoice = sell(customer, "2026-11-29")
        now.at("2026-11-30T05:00:01")
        void_invoice(invoice)
    assert (places(cast.staff, customer), points(cast.staff, customer)) == (["1"], 0)
    with cast.staff.acting():
        other = sell(customer, "2026-11-30")
    assert (places(cast.staff, customer), points(cast.staff, customer)) == (["1"], 50), "given again, once"
    with cast.staff.acting():
        sell(customer, "2026-12-01")
        void_invoice(other)
    assert (places(cast.staff, customer), points(cast.staff, customer)) == (["1"], 50), "the target is met all the same"


def test_a_badge_gives_a_voucher_and_takes_it_back_unless_it_was_used(cast: Cast, now: Clock) -> None:
    with cast.manager.acting():
        reward = make_reward(name="Coffee", stock=3)
    form = {"name": "Regular", "metric": "visits", "target": "1", "period": "ever", "times": "1", "reward": "voucher"}
    client = cast.manager.client()
    assert "Coffee" in client.get("/badges/new").text
    assert client.post("/badges/new", data={**form, "voucher": str(reward)}).status_code == 303
    assert "Voucher: <bdi>Coffee</bdi>" in client.get("/badges").text
    states = []
    with cast.staff.acting():
        for is_used in (False, True):
            customer = make_customer()
            invoice = sell(customer, "2026-11-29")
            voucher = db.session.scalars(sa.select(Voucher).where(Voucher.customer_id == customer)).one()
            assert (voucher.reward_id, voucher.points, voucher.state) == (reward, 0, VoucherState.ISSUED)
            if is_used:
                vouchers.use(voucher.id)
            void_invoice(invoice)
            found = db.session.get_one(Voucher, voucher.id, populate_existing=True)
            states.append((found.state, places(cast.staff, customer)))
            sell(customer, "2026-11-29")
            count = sa.select(sa.func.count(Voucher.id)).where(Voucher.customer_id == customer)
            assert db.session.scalar(count) == (1 if is_used else 2)
    assert states == [(VoucherState.CANCELED, []), (VoucherState.USED, [])]
    told = cast.staff.client().get(f"/customers/{customer}/timeline").text
    assert "With it: a voucher" in told


def test_another_amount_or_date_is_followed(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(metric=Metric.SPEND, target=500_00, **POINTS)
        make_badge(metric=Metric.PURCHASE_DAYS, target=2, period=Period.MONTH)
    with cast.staff.acting():
        first, second = sell(customer, "2026-11-28", 300_00), sell(customer, "2026-11-28", 199_99)
        assert places(cast.staff, customer) == []
        edit_invoice(second, {"amount": 200_00})
        assert (places(cast.staff, customer), points(cast.staff, customer)) == (["1"], 50)
        edit_invoice(first, {"date": dt.date(2026, 11, 27)})
        assert places(cast.staff, customer) == ["1", "2026-11"]
        edit_invoice(first, {"amount": 1_00})
    assert (places(cast.staff, customer), points(cast.staff, customer)) == (["2026-11"], 0)


def test_a_check_in_that_was_a_mistake_gives_nothing(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(target=1, **POINTS)
    with cast.staff.acting():
        visit = visits.check_in(customer).visit.id
    assert points(cast.staff, customer) == 50
    cast.staff.client().post(f"/visits/{visit}/delete")
    assert (places(cast.staff, customer), points(cast.staff, customer)) == ([], 0)


def test_a_merge_brings_badges_together_and_its_undo_is_exact(cast: Cast, now: Clock) -> None:
    with cast.manager.acting():
        make_badge(target=2, times=None, **POINTS)
    with cast.staff.acting():
        sari, siti = make_customer(name="Sari"), make_customer(name="Sari")
        for id_ in (sari, siti):
            for day in ("2026-11-01", "2026-11-02") if id_ == sari else ("2026-11-03", "2026-11-04", "2026-11-05"):
                sell(id_, day)
        entry = make_duplicate(sari, siti)
    client, last = cast.staff.client(), last_event(cast.staff)
    before = everything(cast.staff, last)
    client.post(f"/duplicates/{entry}", data={"action": "merge", "keep": sari})
    assert (places(cast.staff, sari), points(cast.staff, sari)) == (["1", "1"], 100)
    page = client.get(f"/customers/{sari}").text
    assert page.count("\xd72") == 1
    client.post(f"/duplicates/{entry}/undo")
    assert not {
        key: both for key, both in differences(before, everything(cast.staff, last)).items() if "duplicates" not in key
    }
    client.post(f"/duplicates/{entry}", data={"action": "merge", "keep": sari})
    with cast.staff.acting():
        sell(sari, "2026-11-06")
    assert (places(cast.staff, sari), points(cast.staff, sari)) == (["1", "1", "2"], 150), (
        "six days are three times two"
    )
    client.post(f"/duplicates/{entry}/undo")
    assert (places(cast.staff, sari), places(cast.staff, siti)) == (["1", "2"], ["1"])


def test_two_who_become_one_keep_what_each_had(cast: Cast, now: Clock) -> None:
    """A limit is for what is still to come; what both together have not reached goes as it does from anybody."""
    with cast.manager.acting():
        make_badge(target=2, times=1, **POINTS)
    with cast.staff.acting():
        sari, siti = make_customer(name="Sari"), make_customer(name="Sari")
        for id_, days in ((sari, ("2026-11-01", "2026-11-02")), (siti, ("2026-11-03", "2026-11-04"))):
            invoices = [sell(id_, day) for day in days]
        entry = make_duplicate(sari, siti)
    cast.staff.client().post(f"/duplicates/{entry}", data={"action": "merge", "keep": sari})
    with cast.staff.acting():
        for day in ("2026-11-05", "2026-11-06", "2026-11-07"):
            invoices.append(sell(sari, day))
    assert (places(cast.staff, sari), points(cast.staff, sari)) == (["1", "1"], 100)
    with cast.staff.acting():
        for invoice in invoices[1:]:
            void_invoice(invoice)
    assert (places(cast.staff, sari), points(cast.staff, sari)) == (["1"], 50)


def test_a_limit_holds_when_an_earlier_period_is_reached_later(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(target=1, period=Period.MONTH, times=1, **POINTS)
        with transaction():
            db.session.scalars(sa.select(Badge)).one().since = dt.date(2026, 9, 1)
    with cast.staff.acting():
        for day in ("2026-11-01", "2026-10-01", "2026-09-01"):
            sell(customer, day)
    assert (places(cast.staff, customer), points(cast.staff, customer)) == (["2026-11"], 50)


def test_what_is_told_are_the_points_that_were_given(cast: Cast, customer: int) -> None:
    """Even where the badge gives others meanwhile, or nothing."""
    with cast.manager.acting():
        badge = make_badge(target=1, **POINTS)
    with cast.staff.acting():
        first = sell(customer, "2026-11-01")
    form = {"name": "Regular", "metric": "visits", "target": "1", "period": "ever", "times": "1", "reward": "points"}
    client = cast.manager.client()
    client.post(f"/badges/{badge}/edit", data={**form, "points": "700"})
    with cast.staff.acting():
        void_invoice(first)
    assert "Taken back: 50 points" in client.get(f"/customers/{customer}/timeline").text
    assert points(cast.staff, customer) == 0


def test_a_used_voucher_is_not_told_as_taken_back(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(target=1, reward=Reward.VOUCHER, reward_id=make_reward(name="Coffee"))
    with cast.staff.acting():
        invoice = sell(customer, "2026-11-29")
        vouchers.use(db.session.scalars(sa.select(Voucher.id)).one())
        void_invoice(invoice)
    told = cast.staff.client().get(f"/customers/{customer}/timeline").text
    assert "taken: the target was missed after all" in told
    assert "Taken back" not in told


def test_who_was_erased_gets_no_badge(cast: Cast, customer: int) -> None:
    with cast.owner.acting():
        sell(customer, "2026-11-01")
        invoice = sell(customer, "2026-11-02")
        make_badge(target=1, **POINTS)
        erase(customer, "Asked for it")
        void_invoice(invoice)
        assert db.session.scalars(sa.select(BadgeGrant)).all() == []


def test_an_erasure_takes_the_badges(cast: Cast, customer: int) -> None:
    with cast.manager.acting():
        make_badge(target=1)
    with cast.owner.acting():
        visits.check_in(customer)
        assert places(cast.owner, customer) == ["1"]
        erase(customer, "Asked for it")
        assert db.session.scalars(sa.select(BadgeGrant)).all() == []
