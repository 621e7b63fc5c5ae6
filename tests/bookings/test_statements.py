"""Saving a booking takes all of its persons in together: it asks the database about as much as for one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask import Flask

from crm.area_customers import services as area_customers
from crm.bookings import services as bookings
from crm.bookings.models import Booking
from crm.kernel.extensions import db
from crm.leads import services as leads
from crm.values import clock
from tests.api.conftest import Client
from tests.factories import Cast, make_booking, make_invoice

FIVE = [
    {"name": name, "phone": f"0812 3456 78{n}{n}", "email": f"p{n}@example.com", "passport_number": f"A12345{n}{n}"}
    for n, name in enumerate(("Ali Khan", "Sara Khan", "Omar Farooq", "Hina Qureshi", "Bilal Ahmed"))
]
LOCK = "FROM organizations"


@contextmanager
def asked() -> Iterator[list[str]]:
    """Collect the statements of the block; rows that are written in one go count as one."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not (found and found[-1] == statement and statement.startswith("INSERT")):
            found.append(statement)

    engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def test_a_booking_of_five_asks_as_much_as_a_booking_of_one(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        with asked() as for_one:
            bookings.create({"date": clock.utcnow().date()}, [{"name": "Maryam Hussain", "phone": "0813 1111 2222"}])
        with asked() as for_five:
            made = bookings.create({"date": clock.utcnow().date()}, FIVE)
        ids = [person.id for person in db.session.get_one(Booking, made.id).persons]
        moved = [
            {**one, "id": id_, "phone": one["phone"].replace("0812", "0813")}
            for id_, one in zip(ids, FIVE, strict=True)
        ]
        with asked() as for_change:
            bookings.edit(made.id, {}, moved)

    assert len(for_five) <= len(for_one) + 1, "five are found by the same statements as one"
    assert len(for_five) <= 28, "56 when everything was read again"
    assert len(for_change) <= 28
    assert not any("UPDATE events" in statement for statement in for_five), "nothing was told of a new lead"
    for statements in (for_one, for_five, for_change):
        assert sum(LOCK in statement for statement in statements) == 1, "one lock, asked for once"
        assert sum("FROM customers" in statement for statement in statements) <= 3


def test_leads_and_area_customers_ask_for_the_lock_once(app: Flask, cast: Cast) -> None:
    ali, sara = FIVE[:2]
    with cast.staff.acting(), asked() as statements:
        for save in (
            lambda: leads.create_lead(ali),
            lambda: leads.edit_lead(1, {"phone": "0813 1111 2222"}),
            lambda: leads.convert_lead(1),
            lambda: area_customers.add(sara),
            lambda: area_customers.edit(1, {"phone": "0813 1111 3333"}),
        ):
            statements.clear()
            save()
            assert sum(LOCK in statement for statement in statements) == 1
            assert len(statements) <= 26


def test_pages_ask_as_much_for_many_bookings_as_for_a_few(app: Flask, cast: Cast) -> None:
    client, api = cast.staff.client(), Client(app, cast.staff.token())
    paths = ("/bookings?when=all", "/bookings/1", "/customers/1", "/bookings/1/edit")

    def count() -> list[int]:
        found = []
        for ask in (*(partial(client.get, path) for path in paths), partial(api.get, "bookings/?page_size=100")):
            with app.app_context(), asked() as statements:
                ask()
            found.append(len(statements))
        return found

    with cast.staff.acting():
        make_booking(persons=FIVE[:2], amount=500)
        make_invoice(1, booking_id=1)
    count()
    few = count()
    with cast.staff.acting():
        for _ in range(5):
            booking = make_booking(persons=FIVE, amount=500)
            make_invoice(1, booking_id=booking)
            make_invoice(1, booking_id=1)
        bookings.edit(1, {}, FIVE)
    assert [after - before for before, after in zip(few, count(), strict=True)] == [0] * len(few)
