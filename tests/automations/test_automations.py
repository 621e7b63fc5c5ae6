"""Points, vouchers and messages that come by themselves: on whose occasion, once, and to nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.automations import jobs
from crm.automations.models import Automation, AutomationGrant
from crm.customers.models import Customer
from crm.duplicates import services as duplicates
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.loyalty.models import LoyaltySettings, PointsEntry
from crm.loyalty.services import change_points
from crm.messages.models import Message
from crm.rewards.models import Voucher
from crm.values import clock
from crm.visits.services import check_in
from tests.factories import Cast, make_customer, make_duplicate, make_reward, make_template

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ZONE = dt.timezone(dt.timedelta(hours=7))
NOW = dt.datetime(2027, 2, 28, 3, tzinfo=dt.UTC)
"""Ten in the morning in Jakarta, in a year without 29 February."""


@pytest.fixture(autouse=True)
def time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the clock show NOW; call it to move on."""
    with cast.owner.acting(), transaction() as session:
        session.get_one(Organization, cast.owner.organization_id).time_zone = "Asia/Jakarta"
    moment = [NOW]
    monkeypatch.setattr(clock, "utcnow", lambda: moment[0])

    def move(days: int) -> None:
        moment[0] += dt.timedelta(days=days)

    return move


def add(cast: Cast, occasion: str, **values: Any) -> int:
    given = {"occasion": occasion, "points": "50", **{name: str(value) for name, value in values.items()}}
    answer = cast.manager.client().post("/automations/new", data=given)
    assert answer.status_code == 303, answer.text
    with cast.owner.acting():
        return db.session.scalars(sa.select(sa.func.max(Automation.id))).one()


def work(cast: Cast) -> None:
    with cast.owner.app.app_context():
        with transaction() as session:
            ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
            session.execute(sa.update(DueWork).where(DueWork.kind == "automation").values(due_at=ago))
        for _turn in range(20):
            if not jobs.go_on_due():
                return


def customer(cast: Cast, **values: Any) -> int:
    with cast.owner.acting():
        return make_customer(**values)


def points(cast: Cast, customer_id: int) -> int:
    with cast.owner.acting():
        return db.session.get_one(Customer, customer_id).loyalty_points


def occasions(cast: Cast, automation_id: int) -> dict[int, list[str]]:
    with cast.owner.acting():
        rows = db.session.scalars(
            sa.select(AutomationGrant)
            .where(AutomationGrant.automation_id == automation_id)
            .order_by(AutomationGrant.id)
        ).all()
        found: dict[int, list[str]] = {}
        for row in rows:
            found.setdefault(row.customer_id, []).append(row.occasion)
        return found


def test_a_birthday_is_had_once_a_year(cast: Cast, time: Any) -> None:
    today, leap, tomorrow = (customer(cast, birthday=day) for day in ("1990-02-28", "02-29", "03-01"))
    automation = add(cast, "birthday")
    for _twice in range(2):
        work(cast)
    assert occasions(cast, automation) == {today: ["birthday:2027"], leap: ["birthday:2027"]}
    assert (points(cast, today), points(cast, leap), points(cast, tomorrow)) == (50, 50, 0)
    with cast.owner.acting():
        grant = db.session.scalars(sa.select(AutomationGrant).order_by(AutomationGrant.id)).first()
        assert grant is not None
        assert grant.key == f"auto:{automation}:{today}:birthday:2027"
    time(1)
    work(cast)
    assert points(cast, tomorrow) == 50
    time(364)
    work(cast)
    assert points(cast, today) == 100


@SQLITE
def test_days_before_a_birthday_and_days_that_were_missed(cast: Cast, time: Any) -> None:
    near = customer(cast, birthday="03-07")
    missed = customer(cast, birthday="03-09")
    automation = add(cast, "birthday", days=7)
    work(cast)
    assert occasions(cast, automation) == {near: ["birthday:2027"]}
    time(4)
    work(cast)
    assert occasions(cast, automation).keys() == {near, missed}


@SQLITE
def test_a_changed_birthday_and_one_of_the_customers_own_wait(cast: Cast, time: Any) -> None:
    moved, own = customer(cast, birthday="02-28"), customer(cast, birthday="02-28")
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, own).birthday_counts_from = dt.date(2027, 3, 7)
    automation = add(cast, "birthday")
    work(cast)
    assert occasions(cast, automation) == {moved: ["birthday:2027"]}
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, moved).birthday = "12-01"
    time(276)
    work(cast)
    assert points(cast, moved) == 50, "less than 300 days later"
    time(366)
    work(cast)
    assert points(cast, moved) == 100


@SQLITE
def test_who_is_archived_or_inactive_gets_nothing(cast: Cast) -> None:
    client = cast.owner.client()
    archived, inactive, erased = (customer(cast, birthday="02-28", name=name) for name in ("Ani", "Budi", "Citra"))
    client.post(f"/customers/{archived}/archive")
    client.post(f"/customers/{erased}/erase", data={"name": "Citra", "reason": "asked"})
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, inactive).is_active = False
    automation = add(cast, "birthday")
    work(cast)
    assert occasions(cast, automation) == {}


@SQLITE
def test_days_after_joining(cast: Cast, time: Any) -> None:
    new, old = customer(cast), customer(cast)
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, new).created_at = NOW - dt.timedelta(days=9, hours=5)
        session.get_one(Customer, old).created_at = NOW - dt.timedelta(days=40)
    automation = add(cast, "joined", days=10)
    work(cast)
    assert occasions(cast, automation) == {}
    time(1)
    work(cast)
    assert occasions(cast, automation) == {new: ["joined"]}


def test_who_was_not_seen_gets_it_once_for_each_absence(cast: Cast, time: Any) -> None:
    seen, never = customer(cast), customer(cast)
    with cast.owner.acting():
        add_invoice(seen, 100_00, NOW.date(), "Cake")
    automation = add(cast, "absent", days=30)
    time(29)
    work(cast)
    assert occasions(cast, automation) == {}
    time(1)
    for _twice in range(2):
        work(cast)
        time(1)
    assert occasions(cast, automation) == {seen: ["absent:2027-02-28"]}
    assert points(cast, never) == 0


@SQLITE
def test_points_that_end_are_told_of(cast: Cast, time: Any) -> None:
    ending = customer(cast)
    with cast.owner.acting():
        entry = change_points(ending, 10).id
        with transaction() as session:
            session.get_one(PointsEntry, entry).expires_on = dt.date(2027, 3, 10)
    automation = add(cast, "expiring", days=7, points=1)
    work(cast)
    assert occasions(cast, automation) == {}
    time(3)
    work(cast)
    assert occasions(cast, automation) == {ending: ["expiring:2027-03-10"]}


def test_the_third_visit_counts_once(cast: Cast) -> None:
    guest = customer(cast)
    automation = add(cast, "visit", days=3)
    invoices = []
    for day in range(2):
        with cast.staff.acting():
            invoices.append(add_invoice(guest, 100_00, NOW.date() - dt.timedelta(days=day + 1), "Cake").id)
    with cast.staff.acting():
        check_in(guest)
    assert occasions(cast, automation) == {guest: ["visit:3"]}
    with cast.staff.acting():
        void_invoice(invoices[0])
        add_invoice(guest, 100_00, NOW.date() - dt.timedelta(days=1), "Cake")
    assert (occasions(cast, automation), points(cast, guest)) == ({guest: ["visit:3"]}, 50)


def test_a_tier_is_rewarded_once(cast: Cast) -> None:
    guest = customer(cast)
    silver, higher = add(cast, "tier", tier="silver"), add(cast, "tier", points=1)
    with cast.staff.acting():
        change_points(guest, 200)
        change_points(guest, -200)
        change_points(guest, 200)
    assert occasions(cast, silver) == {guest: ["tier:silver"]}
    assert occasions(cast, higher) == {guest: ["tier:silver"]}
    assert cast.owner.app.test_cli_runner().invoke(args=["loyalty", "verify"]).exit_code == 0


@SQLITE
def test_a_voucher_and_a_message_come_with_it_and_the_gift_does_not_wait_for_the_message(cast: Cast) -> None:
    with cast.owner.acting():
        reward, template = make_reward(name="Free coffee"), make_template(body="Happy birthday, {name}!")
    reached = customer(cast, name="Ani", birthday="02-28", phone="+6281211112222")
    silent = customer(cast, name="Budi", birthday="02-28", phone="+6281211113333")
    with cast.owner.acting(), transaction() as session:
        silent_one = session.get_one(Customer, silent)
        silent_one.sms_allowed = silent_one.whatsapp_allowed = False
    add(cast, "birthday", points="", reward=reward, template=template)
    work(cast)
    with cast.owner.acting():
        assert sorted(db.session.scalars(sa.select(Voucher.customer_id))) == [reached, silent]
        (message,) = db.session.scalars(sa.select(Message)).all()
        assert (message.customer_id, message.body) == (reached, "Happy birthday, Ani!")
        grants = {row.customer_id: row for row in db.session.scalars(sa.select(AutomationGrant))}
        assert grants[reached].message_id == message.id
        assert grants[silent].message_id is None
        assert grants[silent].problem
    page = cast.staff.client().get(f"/customers/{silent}").text
    assert "By automation: Birthday" in page


@SQLITE
def test_a_stopped_one_gives_nothing(cast: Cast, time: Any) -> None:
    guest = customer(cast, birthday="03-01")
    automation = add(cast, "birthday")
    client = cast.manager.client()
    assert client.post(f"/automations/{automation}/stop").status_code == 303
    time(1)
    work(cast)
    assert points(cast, guest) == 0
    assert client.post(f"/automations/{automation}/resume").status_code == 303
    work(cast)
    assert points(cast, guest) == 50


@SQLITE
def test_a_merge_gives_nothing_twice_and_its_undo_keeps_whose_it_was(cast: Cast) -> None:
    first, second = customer(cast, name="Sari", birthday="02-28"), customer(cast, name="Sari W", birthday="02-28")
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, second).is_active = False
    automation = add(cast, "birthday")
    work(cast)
    with cast.owner.acting():
        entry = make_duplicate(first, second)
        duplicates.merge(entry, second, {})
    with cast.owner.acting(), transaction() as session:
        found = session.get_one(Automation, automation)
        found.ran_on = None
    work(cast)
    assert points(cast, second) == 50
    with cast.owner.acting():
        duplicates.undo(entry)
    assert occasions(cast, automation) == {first: ["birthday:2027"]}
    assert (points(cast, first), points(cast, second)) == (50, 0)


@SQLITE
@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"occasion": "birthday"}, "Say what they get: points, a voucher, or a message."),
        ({"occasion": "party", "points": "5"}, "Choose one from the list."),
        ({"occasion": "absent", "points": "5"}, "Enter a whole number from 1 to"),
        ({"occasion": "birthday", "points": "-5"}, "Enter a whole number from 0 to"),
        ({"occasion": "birthday", "points": "5", "days": "61"}, "Enter a whole number from 0 to 60, digits only."),
        ({"occasion": "birthday", "points": "5", "channel": "sms"}, "Choose the template of the message."),
        ({"occasion": "birthday", "points": "5", "reward": "999"}, "Choose one from the list."),
    ],
)
def test_what_can_be_no_automation_is_said(cast: Cast, form: dict[str, str], sentence: str) -> None:
    answer = cast.manager.client().post("/automations/new", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text


@SQLITE
def test_the_list_and_the_form_show_what_was_chosen(app: Flask, cast: Cast) -> None:
    automation = add(cast, "absent", days=60)
    client = cast.manager.client()
    assert "Not seen for 60 days" in client.get("/automations").text
    assert 'value="60"' in client.get(f"/automations/{automation}/edit").text
    assert (
        client.post(f"/automations/{automation}/edit", data={"occasion": "birthday", "points": "5"}).status_code == 303
    )
    assert "On their birthday" in client.get("/automations").text
    assert cast.staff.client().get("/automations/new").status_code == 403


@SQLITE
def test_many_customers_go_by_in_batches(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    guests = [customer(cast, birthday="02-28") for _ in range(5)]
    monkeypatch.setattr("crm.automations.occasions.BATCH", 2)
    automation = add(cast, "birthday")
    work(cast)
    assert occasions(cast, automation).keys() == set(guests)


@SQLITE
def test_points_settings_decide_whether_gifts_count_for_the_tier(cast: Cast) -> None:
    guest = customer(cast, birthday="02-28")
    with cast.owner.acting(), transaction() as session:
        session.add(LoyaltySettings(bonus_counts=False))
    add(cast, "birthday", points=700)
    work(cast)
    with cast.owner.acting():
        assert db.session.get_one(Customer, guest).tier == "bronze"
