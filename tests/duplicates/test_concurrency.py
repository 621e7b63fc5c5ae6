"""Merges, messages and intake at the same moment: nobody waits for each other for ever, and nothing is lost."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.models import Customer
from crm.delivery.deliver import deliver_batch
from crm.duplicates.models import Merge
from crm.duplicates.services import merge, undo
from crm.intake.upsert import upsert
from crm.invoices.models import Invoice
from crm.invoices.queries import differences as wrong_orders
from crm.invoices.services import add_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.loyalty.models import PointsEntry
from crm.loyalty.queries import differences as wrong_points
from crm.loyalty.services import change_points
from crm.messages.bookkeeping import lock_customers, look_at
from crm.messages.models import Message
from crm.reports.customer_totals import differences as wrong_totals
from crm.values import clock
from tests.factories import Cast, Person, make_customer, make_duplicate, make_message
from tests.intake.people import intake

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

WAITING_FOR_US = sa.text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
)


def at_once(person: Person, *deeds: Callable[[], object]) -> None:
    """Do all of it at the same moment, each in a thread with its own connection; raise what any of them raises."""
    start = threading.Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> None:
        start.wait()
        with person.acting():
            deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        for done in [pool.submit(run, deed) for deed in deeds]:
            done.result()


def test_two_merge_the_same_pair_at_once(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        first, second = make_customer(name="Sari"), make_customer(name="Siti")
        entry = make_duplicate(first, second)

    at_once(cast.staff, *[lambda: merge(entry, first, {}), lambda: merge(entry, second, {})] * 2)

    with cast.staff.acting():
        assert len(db.session.scalars(sa.select(Merge)).all()) == 1
        assert db.session.get_one(Duplicate, entry).decision == Decision.MERGED


def test_a_message_in_a_workers_hands_moves_and_its_claim_holds(app: Flask, cast: Cast) -> None:
    token, until = "a" * 32, clock.utcnow() + dt.timedelta(minutes=1)
    with cast.staff.acting():
        first, second = (make_customer(name=name, phone=f"0812 345 1000{n}") for n, name in enumerate(("Sari", "Siti")))
        entry = make_duplicate(first, second)
        held = make_message(customer_id=second, status="submitting", claim_token=token, lease_until=until)
        merge(entry, first, {})
        message = db.session.get_one(Message, held)
        assert (message.customer_id, message.status, message.claim_token) == (first, "submitting", token)
        undo(entry)
        message = db.session.get_one(Message, held)
        assert (message.customer_id, message.claim_token) == (second, token)


def test_who_waits_for_the_survivor_holds_no_merged_customer(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        first, second = make_customer(name="Sari"), make_customer(name="Siti")
        merge(make_duplicate(first, second), first, {})

    def add_points() -> None:
        with cast.staff.acting():
            change_points(second, 30, "Cake")

    with cast.staff.acting(), ThreadPoolExecutor(1) as pool:
        with transaction() as session:
            lock_customers([first])
            adding = pool.submit(add_points)
            while not session.connection().scalar(WAITING_FOR_US):
                assert not adding.done()
            lock_customers([second])
        adding.result()
        assert db.session.scalars(sa.select(PointsEntry.customer_id)).all() == [first]


@pytest.mark.parametrize("turn", range(2))
def test_merging_undoing_sending_and_taking_in_at_once(app: Flask, cast: Cast, turn: int) -> None:
    phones = ["0812 345 20001", "0812 345 20002"]
    with cast.staff.acting():
        first, second = (make_customer(name="Sari", phone=phone) for phone in phones)
        entry = make_duplicate(first, second)
        for customer in (first, second) * 5:
            id_ = make_message(customer_id=customer, send_at=clock.utcnow(), body=f"{customer}")
            with transaction():
                look_at({id_: clock.utcnow()})
    today, organization_id = clock.utcnow().date(), cast.staff.organization_id

    def there_and_back() -> None:
        merge(entry, first, {})
        undo(entry)
        merge(entry, first, {})

    at_once(
        cast.staff,
        there_and_back,
        lambda: deliver_batch(organization_id),
        lambda: deliver_batch(organization_id),
        lambda: [upsert(intake(name="Sari", phone=phone)) for phone in phones * 2],
        lambda: [add_invoice(second, 10_000_00, today, "Cake") for _ in range(3)],
        lambda: [change_points(second, 30, "Cake") for _ in range(3)],
    )

    with cast.staff.acting():
        assert db.session.get_one(Customer, second).merged_into_id == first
        for model in (Message, Invoice, PointsEntry):
            assert set(db.session.scalars(sa.select(model.customer_id))) == {first}
        assert not [*wrong_points(), *wrong_orders(), *wrong_totals()]
