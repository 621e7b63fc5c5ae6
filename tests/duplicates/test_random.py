"""Whatever two customers have: merged and taken apart again, every row of every table is what it was."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.bulk_models import Action
from crm.customers.duplicate_pairs import Decision, Duplicate
from crm.customers.filters import Selection
from crm.customers.models import Customer
from crm.customers.services import archive_customer, change_many, create_customer
from crm.duplicates.rules import FIELDS
from crm.duplicates.services import add_entry, merge, separate, undo
from crm.intake.upsert import upsert
from crm.invoices.models import Invoice
from crm.invoices.queries import differences as wrong_orders
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.loyalty.models import PointsEntry
from crm.loyalty.queries import differences as wrong_points
from crm.loyalty.services import change_points, reverse
from crm.messages.channels.sms import SMS
from crm.messages.services import cancel_message, mark_done
from crm.reports.customer_totals import differences as wrong_totals
from crm.series.rules import Frequency, Rule
from crm.series.services import schedule
from crm.values import clock
from tests.duplicates.whole import differences, everything, last_event
from tests.factories import Cast, make_branch
from tests.intake.people import intake

NAMES = ("Sari", "Siti Sari", "Ibu Sari Dewi", "Budi", "Ani")
RUNS = 25
LONG_RUNS = 1_000


class Shop:
    """Customers with all kinds of things, by chance."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.person, self.random = cast.staff, random.Random(seed)
        self.numbers = iter(range(10_000, 99_999))
        with self.person.acting():
            self.branches = [None, make_branch(), make_branch()]
            self.ids = [self.add_customer() for _ in range(5)]
        self.deeds: list[Callable[[int], object]] = [
            self.add_invoice,
            self.void,
            self.add_points,
            self.take_back,
            self.add_message,
            self.add_series,
            self.cancel,
            self.take_in,
            self.deactivate,
            self.doubt,
            self.add_lead,
        ]

    def add_customer(self) -> int:
        values = {
            "name": self.random.choice(NAMES),
            "phone": f"0812 345 {next(self.numbers)}" if self.random.random() < 0.9 else "",
            "email": f"p{next(self.numbers)}@shop.test" if self.random.random() < 0.6 else "",
            "passport_number": f"A{next(self.numbers)}" if self.random.random() < 0.4 else "",
            "city": self.random.choice(("", "Bandung", "Bogor")),
            "notes": self.random.choice(("", "Likes cake")),
            "branch_id": self.random.choice(self.branches),
            "sms_allowed": self.random.random() < 0.9,
            "whatsapp_allowed": self.random.random() < 0.9,
        }
        return create_customer(values, another_person=True).id

    def live(self) -> None:
        """Let a few things happen to everybody."""
        with self.person.acting():
            for _ in range(self.random.randint(3, 14)):
                id_ = self.random.choice(self.ids)
                if not db.session.get_one(Customer, id_).is_archived:
                    self.random.choice(self.deeds)(id_)

    def add_invoice(self, id_: int) -> None:
        day = clock.utcnow().date() - dt.timedelta(days=self.random.randint(0, 9))
        add_invoice(id_, self.random.randint(1, 9) * 10_000_00, day, "Cake")

    def void(self, id_: int) -> None:
        invoice = db.session.scalar(sa.select(Invoice.id).where(Invoice.customer_id == id_).limit(1))
        if invoice:
            void_invoice(invoice)

    def add_points(self, id_: int) -> None:
        change_points(id_, self.random.choice((-400, -90, -10, 20, 150, 600)), "Now and then")

    def take_back(self, id_: int) -> None:
        found = sa.select(PointsEntry.id).where(PointsEntry.customer_id == id_, PointsEntry.reverses_id.is_(None))
        entry = db.session.scalar(found.limit(1))
        if entry:
            reverse(entry)

    def add_message(self, id_: int) -> int | None:
        customer = db.session.get_one(Customer, id_)
        if not (customer.phone_valid and customer.sms_allowed):
            return None
        at = clock.utcnow().replace(hour=9, minute=0, second=0, microsecond=0)
        at += dt.timedelta(days=self.random.randint(1, 3))
        return schedule(id_, SMS, self.random.choice(("Ready", "See you")), at).id

    def add_series(self, id_: int) -> None:
        customer = db.session.get_one(Customer, id_)
        if customer.phone_valid and customer.sms_allowed:
            at = clock.utcnow() + dt.timedelta(days=1)
            schedule(id_, SMS, "Monthly", at, rule=Rule(Frequency.MONTHLY, 1, at.date(), dt.time(9)))

    def cancel(self, id_: int) -> None:
        message = self.add_message(id_)
        if message:
            self.random.choice((cancel_message, mark_done))(message)

    def take_in(self, id_: int) -> None:
        customer = db.session.get_one(Customer, id_)
        upsert(
            intake(
                name=customer.name,
                phone=customer.phone,
                email=f"p{next(self.numbers)}@work.test",
                source="Lead",
                customer_id=id_,
            )
        )

    def deactivate(self, id_: int) -> None:
        action = self.random.choice(tuple(Action))
        change_many(Selection.of([id_, self.random.choice(self.ids)]), action)

    def doubt(self, id_: int) -> None:
        other = self.random.choice(self.ids)
        if other != id_:
            entry = add_entry((id_, other))
            if self.random.random() < 0.3 and entry.decision == Decision.OPEN:
                separate(entry.id)

    def add_lead(self, id_: int) -> None:
        with transaction() as session:
            session.add(Lead(name="Lead", customer_id=id_, activity_at=clock.utcnow()))

    def merge_some(self) -> list[int]:
        """Merge one to three pairs, one after the other, and return their entries in that order."""
        merged = []
        with self.person.acting():
            for _ in range(self.random.randint(1, 3)):
                there = [id_ for id_ in self.ids if db.session.get_one(Customer, id_).merged_into_id is None]
                pair = self.random.sample(there, 2)
                entry = add_entry((pair[0], pair[1])).id
                take = {field.name: self.random.choice(pair) for field in FIELDS if self.random.random() < 0.4}
                merged.append((entry, pair[0], take))
        return [self._merge(*one) for one in merged[:1]] if len(merged) == 1 else self._merge_in_turn(merged)

    def _merge(self, entry: int, keep: int, take: dict[str, int]) -> int:
        with self.person.acting():
            merge(entry, keep, take)
        return entry

    def _merge_in_turn(self, planned: list[tuple[int, int, dict[str, int]]]) -> list[int]:
        done = []
        for entry, keep, take in planned:
            with self.person.acting():
                found = db.session.get(Duplicate, entry)
                # The one before may have made one entry of two, or one customer of these.
                if found is None or found.decision == Decision.MERGED:
                    continue
                if keep not in (found.first_id, found.second_id):
                    keep = found.first_id
                pair = (found.first_id, found.second_id)
                take = {name: id_ for name, id_ in take.items() if id_ in pair}
            done.append(self._merge(entry, keep, take))
        return done

    def check(self) -> None:
        """Find nothing that does not add up."""
        with self.person.acting():
            assert not wrong_points()
            assert not wrong_orders()
            assert not wrong_totals()


def run(cast: Cast, seeds: range) -> None:
    shop = Shop(cast, seeds.start)
    for seed in seeds:
        shop.random.seed(seed)
        shop.live()
        if shop.random.random() < 0.05:
            with shop.person.acting():
                archive_customer(shop.random.choice(shop.ids))
        with shop.person.acting():
            for id_ in shop.ids:
                add_entry((id_, next(other for other in shop.ids if other != id_)))
        shop.check()
        # What is entered for the merge itself is no part of it.
        before_last = last_event(shop.person)
        planned = everything(shop.person)
        merged = shop.merge_some()
        assert merged or planned
        shop.check()
        for entry in reversed(merged):
            with shop.person.acting():
                undo(entry)
        after = everything(shop.person, before_last)
        added = {key for key in after.keys() - planned.keys() if key.startswith("duplicates ")}
        found = {key: value for key, value in differences(planned, after).items() if key not in added}
        assert not found, f"seed {seed}: {found}"
        shop.check()


def test_merged_and_taken_apart_every_row_is_what_it_was(app: Flask, cast: Cast) -> None:
    run(cast, range(RUNS))


@pytest.mark.long
@pytest.mark.parametrize("start", range(RUNS, LONG_RUNS, RUNS))
def test_a_thousand_times(app: Flask, cast: Cast, start: int) -> None:
    run(cast, range(start, start + RUNS))
