"""Whatever happens to points, in any order: balance = entries = lots = draws, no lot below 0, nobody owes less than 0.

`LOYALTY_OPERATIONS=100000 pytest tests/loyalty/test_random.py` runs as many on each database, in worlds of 4,000;
LOYALTY_SEED is the seed of the first.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
from collections import Counter
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.services import change_organization
from crm.customers.models import Customer
from crm.duplicates import services as duplicates
from crm.invoices.edits import edit_invoice
from crm.invoices.models import Invoice
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.columns import one_of
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.extensions import db
from crm.loyalty import nightly, programme, queries, services
from crm.loyalty.expiry import Expiry
from crm.loyalty.models import PointsDraw, PointsEntry
from crm.loyalty.rules import Kind
from crm.loyalty.tiers import Window
from crm.values import clock
from tests.factories import Cast, make_customer

OPERATIONS = int(os.environ.get("LOYALTY_OPERATIONS", "1200"))
IN_A_WORLD = 4_000
CUSTOMERS, WHOLE_EVERY = 30, 300
SEEN = 12
"""Customers who are looked at after what concerns all."""

FIRST_SEED = int(os.environ.get("LOYALTY_SEED", "7"))
SEEDS = range(FIRST_SEED, FIRST_SEED + max(1, OPERATIONS // IN_A_WORLD))


class World:
    """A shop in Berlin, its customers, and a clock that jumps, also over the days on which clocks are moved."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self.cast, self.random = cast, random.Random(seed)
        self.now = dt.datetime(2027, 3, 20, 20, tzinfo=dt.UTC)
        self.numbers = iter(range(10**9))
        self.grants: list[str] = []
        self.merged: list[int] = []
        self.done: Counter[str] = Counter()
        self.deeds: list[tuple[int, Callable[[], list[int]]]] = [
            (20, self.buy),
            (7, self.void),
            (8, self.change_amount),
            (10, self.redeem),
            (7, self.give_back),
            (9, self.by_hand),
            (5, self.take_back),
            (6, self.grant),
            (4, self.claw_back),
            (6, self.wait),
            (2, self.change_policy),
            (2, self.expire),
            (2, self.merge),
            (2, self.undo),
        ]

    def live(self, operations: int) -> None:
        weights = [weight for weight, _ in self.deeds]
        for number in range(1, operations + 1):
            (deed,) = self.random.choices([deed for _, deed in self.deeds], weights)
            with self.cast.owner.acting():
                touched: list[int] = []
                with contextlib.suppress(ConflictError, services.TooFewError):
                    touched = deed()
                    self.done[deed.__name__] += 1
                check(touched)
                if not number % WHOLE_EVERY:
                    assert queries.differences() == [], number

    def customer(self) -> int:
        return self.random.choice(self.customers())

    def customers(self) -> list[int]:
        found = db.session.scalars(
            sa.select(Customer.id).where(Customer.merged_into_id.is_(None)).order_by(Customer.id)
        )
        return list(found)

    def entry(self, *conditions: sa.ColumnElement[bool]) -> PointsEntry | None:
        """Return one of the latest entries that fit."""
        statement = sa.select(PointsEntry).where(*conditions).order_by(PointsEntry.id.desc()).limit(40)
        found = db.session.scalars(statement).all()
        return self.random.choice(found) if found else None

    def invoice(self) -> Invoice | None:
        statement = sa.select(Invoice).where(Invoice.status == "open").order_by(Invoice.id.desc()).limit(60)
        found = db.session.scalars(statement).all()
        return self.random.choice(found) if found else None

    def buy(self) -> list[int]:
        amount = self.random.choice((5_00, 99_99, 100_00, 123_45, 900_00, 4_999_99))
        return [add_invoice(self.customer(), amount, dt.date(2026, 11, 1), "").customer_id]

    def void(self) -> list[int]:
        invoice = self.invoice()
        return [void_invoice(invoice.id).customer_id] if invoice else []

    def change_amount(self) -> list[int]:
        invoice = self.invoice()
        if invoice is None:
            return []
        amount = max(1, invoice.amount * self.random.randint(1, 30) // 10)
        return [edit_invoice(invoice.id, {"amount": amount}).customer_id]

    def redeem(self) -> list[int]:
        id_ = self.customer()
        there = queries.spendable(id_, queries.today_here())
        points = self.random.choice((1, 50, 200, there or 1, there + 1))
        services.redeem(id_, points, f"r{next(self.numbers)}", "Reward", "Cake")
        assert points <= there
        return [id_]

    def give_back(self) -> list[int]:
        entry = self.entry(PointsEntry.kind == Kind.REDEEM)
        return [services.give_back(entry.id, "Reward").customer_id] if entry else []

    def by_hand(self) -> list[int]:
        return [services.change_points(self.customer(), self.random.choice((-500, -40, -1, 5, 60, 300))).customer_id]

    def take_back(self) -> list[int]:
        entry = self.entry(one_of(PointsEntry.kind, [Kind.MANUAL.value, Kind.EARN.value]))
        return [services.reverse(entry.id).customer_id] if entry else []

    def grant(self) -> list[int]:
        key = f"g{next(self.numbers)}"
        self.grants.append(key)
        kind = self.random.choice((Kind.BONUS, Kind.REFERRAL))
        return [services.grant(self.customer(), self.random.choice((10, 100, 400)), kind, key, "Badge", "").customer_id]

    def claw_back(self) -> list[int]:
        if not self.grants:
            return []
        entry = services.claw_back(self.random.choice(self.grants[-30:]), "Badge")
        return [entry.customer_id] if entry else []

    def wait(self) -> list[int]:
        self.now += dt.timedelta(hours=self.random.choice((1, 3, 11, 23, 24, 25, 24 * 9, 24 * 40)))
        return []

    def change_policy(self) -> list[int]:
        kind = self.random.choice(("none", "months", "days", "yearly", "inactivity"))
        values = {
            "expiry": Expiry(kind),
            "expiry_months": self.random.choice((1, 3, 12)),
            "expiry_days": self.random.choice((1, 20, 90)),
            "expiry_day": self.random.choice(("03-28", "12-31", "02-29")),
            "return_grace_days": self.random.choice((0, 5, 30)),
            "tier_window": Window(self.random.choice(("lifetime", "rolling", "year"))),
            "tier_grace_days": self.random.choice((0, 30)),
            "bonus_counts": self.random.random() < 0.7,
        }
        earning = {"earn_points": str(self.random.choice((1, 2, 3))), "earn_per": self.random.choice(("1", "10"))}
        programme.save(values, earning, existing_too=self.random.random() < 0.3)
        return self.random.sample(self.customers(), SEEN)

    def expire(self) -> list[int]:
        nightly.expire()
        assert not nightly.expire().total()
        return self.random.sample(self.customers(), SEEN)

    def merge(self) -> list[int]:
        there = self.customers()
        if len(there) < CUSTOMERS - 3:
            return []
        first, second = self.random.sample(there, 2)
        entry = duplicates.add_entry((first, second))
        duplicates.merge(entry.id, first, {})
        self.merged.append(entry.id)
        return [first, second]

    def undo(self) -> list[int]:
        if not self.merged:
            return []
        merge = duplicates.undo(self.merged.pop())
        return [merge.kept_id, merge.gone_id]


def check(customer_ids: list[int]) -> None:
    """Compare what the rows say with each other; no code of the product adds up here."""
    if not customer_ids:
        return
    db.session.rollback()
    entries = db.session.scalars(
        sa.select(PointsEntry).where(one_of(PointsEntry.customer_id, customer_ids)).order_by(PointsEntry.id)
    ).all()
    rows = db.session.execute(
        sa.select(PointsDraw.entry_id, PointsDraw.lot_id, PointsDraw.points)
        .join(PointsEntry, PointsEntry.id == PointsDraw.entry_id)
        .where(one_of(PointsEntry.customer_id, customer_ids))
    ).all()
    whose = {entry.id: entry.customer_id for entry in entries}
    left = {entry.id: entry.applied for entry in entries}
    for entry_id, lot_id, points in rows:
        assert whose[entry_id] == whose[lot_id], "a customer draws from their own lots alone"
        left[entry_id] += points
        left[lot_id] -= points
    assert left == {entry.id: entry.remaining for entry in entries}
    assert min(left.values(), default=0) >= 0
    balances, owed = Counter[int](), Counter[int]()
    for entry in entries:
        balances[entry.customer_id] += entry.applied
        owed[entry.customer_id] += entry.owed
        assert entry.balance == balances[entry.customer_id] >= 0
        assert entry.remaining == 0 or entry.asked >= 0 or entry.kind is Kind.RETURN
    for customer in db.session.scalars(sa.select(Customer).where(one_of(Customer.id, customer_ids))):
        assert (customer.loyalty_points, customer.points_owed) == (balances[customer.id], owed[customer.id])
        assert customer.points_owed >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_after_each_of_many_changes_all_adds_up(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world = World(cast, seed)
    monkeypatch.setattr(clock, "utcnow", lambda: world.now)
    with app.app_context():
        change_organization(
            cast.owner.organization_id, {"time_zone": "Europe/Berlin", "earn_points": "1", "earn_per": "1"}
        )
    with cast.owner.acting():
        for _ in range(CUSTOMERS):
            make_customer()
    world.live(min(OPERATIONS, IN_A_WORLD))
    assert set(world.done) == {deed.__name__ for _, deed in world.deeds}, "each was tried"
    with cast.owner.acting():
        while world.merged:
            with contextlib.suppress(SentenceError):
                world.undo()
        nightly.expire()
        check(world.customers())
        assert queries.differences() == []
