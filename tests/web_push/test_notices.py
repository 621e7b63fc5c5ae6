"""What customers hear of on their phones."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crm.bookings import services as bookings
from crm.customers.services import edit_customer
from crm.kernel.extensions import db
from crm.kernel.tenancy import as_nobody
from crm.values import clock
from crm.web_push.models import PushNotice
from crm.web_push.services import subscribe
from tests.factories import Cast, make_customer
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
        with as_nobody():
            bookings.cancel(id_)
        assert len(said()) == 1, "nor what the customer did"


def test_a_notice_is_in_the_customers_language(siti: int, cast: Cast) -> None:
    with cast.owner.acting():
        edit_customer(siti, {"language": "id"})
        booked(siti, status="confirmed")
        assert "Your booking" not in said()[0]
        assert "B-7" in said()[0]
