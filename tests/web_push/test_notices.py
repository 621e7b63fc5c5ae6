"""What customers hear of on their phones."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crm.bookings import services as bookings
from crm.customers.services import edit_customer
from crm.kernel.db import transaction
from crm.kernel.events import done_by_customer
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.loyalty.expiry import Expiry
from crm.loyalty.models import LoyaltySettings
from crm.loyalty.queries import today_here
from crm.loyalty.services import change_points
from crm.rewards import services as rewards
from crm.values import clock
from crm.web_push import jobs
from crm.web_push.models import PushNotice
from crm.web_push.services import EXPIRING, subscribe, unsubscribe
from tests.factories import Cast, make_customer, make_reward
from tests.web_push.push_service import PushService

SOON = clock.utcnow().date() + dt.timedelta(days=40)
BODIES = sa.select(PushNotice.body).order_by(PushNotice.id)


def said() -> list[str]:
    return list(db.session.scalars(BODIES))


def booked(customer_id: int, **values: object) -> int:
    guest = {"name": "Siti Rahma", "customer_id": customer_id, "is_lead": True}
    friend = {"name": "Budi Santoso"}
    values = {"date": SOON, "number": "B-7", "service": "Bromo", **values}
    return bookings.create(values, [guest, friend]).id


@pytest.fixture
def siti(push: PushService, cast: Cast) -> int:
    with cast.owner.acting():
        id_ = make_customer(name="Siti Rahma")
        subscribe(id_, **push.subscribe().form)
        return id_


def test_a_booking_that_is_confirmed_moved_or_canceled_is_told(siti: int, cast: Cast) -> None:
    day, later = (clock.say_day(SOON + dt.timedelta(days=days), "id_ID") for days in (0, 2))
    with cast.owner.acting():
        id_ = booked(siti)
        assert said() == [], "whoever books knows it"
        bookings.edit(id_, {"status": "confirmed"})
        assert said() == [f"Your booking B-7 · Bromo on {day} is confirmed."]
        bookings.edit(id_, {"date": SOON + dt.timedelta(days=2)})
        assert said()[1:] == [f"Your booking B-7 · Bromo is now on {later}."]
        bookings.edit(id_, {"service": "Ijen"})
        assert said()[2:] == [f"Your booking B-7 · Ijen has changed. It is on {later}."]
        bookings.cancel(id_)
        assert said()[3:] == [f"Your booking B-7 · Ijen on {later} is canceled."]
        bookings.cancel(id_)
        bookings.edit(id_, {"service": "Bromo"})
        assert len(said()) == 4, "of a canceled booking nothing more is told"
        bookings.take_up(id_)
        assert said()[4:] == [f"Your booking B-7 · Bromo on {later} is confirmed."]
        topics = set(db.session.scalars(sa.select(PushNotice.topic)))
        assert topics == {f"booking-{id_}"}


def test_what_is_the_shops_alone_is_not_told(siti: int, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = booked(siti, status="confirmed")
        assert len(said()) == 1
        bookings.edit(id_, {"note": "Pays late.", "amount": 500})
        bookings.edit(booked(siti, number="B-8", date=dt.date(2020, 1, 1)), {"status": "confirmed"})
        with done_by_customer():
            bookings.cancel(id_)
        assert len(said()) == 1, "nor what the customer did"


def test_a_notice_is_in_the_customers_language(siti: int, cast: Cast) -> None:
    with cast.owner.acting():
        edit_customer(siti, {"language": "id"})
        booked(siti, status="confirmed")
        assert "Your booking" not in said()[0]
        assert "B-7" in said()[0]


def rule(**values: object) -> None:
    with transaction() as session:
        row = session.scalars(sa.select(LoyaltySettings)).one_or_none() or LoyaltySettings()
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


@pytest.fixture
def ending(siti: int, cast: Cast) -> int:
    """Points of Siti's end in five days."""
    with cast.owner.acting():
        rule(expiry=Expiry.DAYS, expiry_days=5)
        change_points(siti, 40, "Cake")
        return siti


def look_again() -> None:
    with transaction() as session:
        session.execute(sa.update(DueWork).where(DueWork.kind == EXPIRING).values(due_at=clock.utcnow()))
    jobs.tell_of_points()


def test_points_that_are_about_to_expire_are_told_once(ending: int, cast: Cast, push: PushService) -> None:
    with cast.owner.acting():
        today = today_here()
    day = clock.say_day(today + dt.timedelta(days=5), "id_ID")
    with cast.owner.acting():
        change_points(make_customer(), 40, "Nobody hears of these.")
        for _ in range(3):
            look_again()
        assert said() == [f"40 of your points are good until {day}. Spend them in time."]
        assert db.session.scalars(sa.select(PushNotice.topic)).all() == ["points"]
        (due_at,) = db.session.scalars(sa.select(DueWork.due_at).where(DueWork.kind == EXPIRING))
        local = clock.to_local(due_at, clock.zone("Asia/Jakarta"))
        assert (local.hour, local.minute) == (9, 0), "the next look is tomorrow morning"


def test_points_that_last_are_not_told(siti: int, cast: Cast) -> None:
    with cast.owner.acting():
        change_points(siti, 40, "Cake")
        rule(expiry=Expiry.DAYS, expiry_days=90)
        change_points(siti, 40, "Cake")
        look_again()
        assert said() == []


def test_without_anybody_who_gets_notices_nothing_is_looked_at(ending: int, cast: Cast) -> None:
    with cast.owner.acting():
        unsubscribe(ending)
        look_again()
        assert db.session.scalars(sa.select(DueWork).where(DueWork.kind == EXPIRING)).all() == []


def test_a_voucher_is_told_unless_the_customer_took_it_or_it_is_used_at_once(siti: int, cast: Cast) -> None:
    with cast.owner.acting():
        change_points(siti, 1_000, "Cake")
        lasting, ending = make_reward(name="Coffee", voucher_days=None), make_reward(name="Cake", voucher_days=30)
        rewards.redeem(siti, lasting)
        assert said() == ["You have a voucher: Coffee."]
        for _ in range(2):
            rewards.give(siti, ending, "badge:1", "Badge")
        day = clock.say_day(today_here() + dt.timedelta(days=30), "id_ID")
        assert said()[1:] == [f"You have a voucher: Cake. It is good until {day}."]
        rewards.redeem(siti, lasting, at_once=True)
        with done_by_customer():
            rewards.redeem(siti, lasting)
        assert len(said()) == 2
