"""A shop by chance, and its figures computed the naive way: from all invoices, without the product's code."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import statistics
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.customers.models import Customer
from crm.customers.services import archive_customer, restore_customer
from crm.duplicates.services import add_entry, merge, undo
from crm.invoices.edits import edit_invoice
from crm.invoices.models import Invoice
from crm.invoices.services import add_invoice, void_invoice
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.values import clock
from tests.factories import Person, make_branch

ZONE = clock.zone("Asia/Jakarta")
TABLE = ("NNACC", "PPALL", "-??LL", "--RRR", "DDDVV")
LETTERS = {
    "N": "new",
    "P": "promising",
    "A": "active",
    "C": "champions",
    "L": "loyal",
    "-": "almost-lost",
    "?": "needs-attention",
    "R": "at-risk",
    "D": "dormant",
    "V": "previously-loyal",
}
"""Rows of R from 5 to 1, columns of FM from 1 to 5."""


def today() -> dt.date:
    return clock.to_local(clock.utcnow(), ZONE).date()


class Line(NamedTuple):
    customer: int
    day: dt.date
    amount: int


class Shop:
    """Customers of two branches and none, with invoices, some void, in another currency, or of archived customers."""

    def __init__(self, person: Person, seed: int, customers: int = 40) -> None:
        self.person, self.chance = person, random.Random(seed)
        self.merged: list[int] = []
        with person.acting():
            self.branches = [None, make_branch(), make_branch()]
            with transaction():
                insert_many(Customer, [self._customer(number) for number in range(customers)])
                self.ids = list(db.session.scalars(sa.select(Customer.id).order_by(Customer.id)))
                insert_many(Invoice, [invoice for id_ in self.ids[2:] for invoice in self._invoices(id_)])

    def _customer(self, number: int) -> dict[str, Any]:
        name = f"Customer {number}"
        return {"name": name, "name_key": name.casefold(), "branch_id": self.chance.choice(self.branches)}

    def _invoices(self, id_: int) -> Iterator[dict[str, Any]]:
        for _ in range(self.chance.choice((0, 1, 1, 2, 3, 8))):
            ago = self.chance.choice((0, 3, 40, 100, 400, 729, 731, 732, 900, self.chance.randint(0, 800)))
            yield {
                "customer_id": id_,
                "date": today() - dt.timedelta(days=ago),
                "amount": self.chance.randint(1, 9) * 10_000_00,
                "currency": self.chance.choice(("IDR",) * 9 + ("EUR",)),
                "status": self.chance.choice(("open",) * 9 + ("void",)),
                "note": "",
                "search_text": "",
            }

    def buy_and_void_some(self) -> None:
        """Let invoices be added, changed and voided, which counts from the next computation on."""
        with self.person.acting():
            for id_ in self.chance.sample(self.ids, 4):
                invoice = add_invoice(id_, self.chance.randint(1, 9) * 10_000_00, today(), "Cake")
                edit_invoice(invoice.id, {"date": today() - dt.timedelta(days=self.chance.randint(0, 90))})
            for id_ in self.chance.sample(list(db.session.scalars(sa.select(Invoice.id).order_by(Invoice.id))), 4):
                void_invoice(id_)

    def merge_some(self) -> None:
        with self.person.acting():
            for _ in range(4):
                there = sa.select(Customer.id).where(Customer.archived_at.is_(None)).order_by(Customer.id)
                one, other = self.chance.sample(list(db.session.scalars(there)), 2)
                entry = add_entry((one, other)).id
                merge(entry, one, {})
                self.merged.append(entry)

    def undo_some(self) -> None:
        with self.person.acting():
            for entry in reversed(self.merged[2:]):
                undo(entry)
            del self.merged[2:]

    def archive_some(self) -> None:
        with self.person.acting():
            for id_ in self.chance.sample(self.ids, 3):
                if not db.session.get_one(Customer, id_).is_archived:
                    archive_customer(id_)
                    if self.chance.random() < 0.5:
                        restore_customer(id_)

    def lines(self, branch: int | None = None) -> list[Line]:
        """Return what counts: open invoices in the organization's currency of customers who are there."""
        with self.person.acting():
            customers = {row.id: row for row in db.session.scalars(sa.select(Customer))}
            invoices = db.session.scalars(sa.select(Invoice)).all()
            return [
                Line(row.customer_id, row.date, row.amount)
                for row in invoices
                if row.status == "open"
                and row.currency == "IDR"
                and customers[row.customer_id].archived_at is None
                and (branch is None or customers[row.customer_id].branch_id == branch)
            ]


def naive(lines: list[Line], as_of: dt.date) -> dict[int, dict[str, Any]]:
    """Return what `customer_scores` is to have of each customer."""
    since = as_of.replace(year=as_of.year - 2) if (as_of.month, as_of.day) != (2, 29) else as_of.replace(day=28)
    spent: dict[int, dict[dt.date, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        if line.day <= as_of:
            spent[line.customer][line.day] += line.amount
    found = {id_: _facts(days, since) for id_, days in spent.items()}
    recent = [one for one in found.values() if one["purchase_days"]]
    for one in found.values():
        one |= _scores(one, recent, as_of)
    return found


def _facts(spent: dict[dt.date, int], since: dt.date) -> dict[str, Any]:
    days = sorted(spent)
    gaps = [(b - a).days for a, b in itertools.pairwise(days)]
    months = {(day.year - days[0].year) * 12 + day.month - days[0].month for day in days}
    return {
        "last_day": days[-1],
        "days_ever": len(days),
        "spent_ever": sum(spent.values()),
        "purchase_days": sum(day > since for day in days),
        "spent": sum(amount for day, amount in spent.items() if day > since),
        "gap_days": round(statistics.median(gaps)) if len(days) > 2 else None,
        "cohort": days[0].isoformat()[:7],
        "months": sum(2**month for month in months),
        "back_after": gaps[0] if gaps else None,
    }


def _scores(one: dict[str, Any], recent: list[dict[str, Any]], as_of: dt.date) -> dict[str, Any]:
    if len(recent) < 25:
        return {"r": None, "f": None, "m": None, "rfm_group": None, "is_slipping": False}
    if not one["purchase_days"]:
        r, f, m = 1, 1, 1
    else:
        r = _score(sum(other["last_day"] < one["last_day"] for other in recent), len(recent))
        f = _score(sum(other["purchase_days"] < one["purchase_days"] for other in recent), len(recent))
        m = _score(sum(other["spent"] < one["spent"] for other in recent), len(recent))
    fm = (f + m + 1) // 2
    group = LETTERS[TABLE[5 - r][fm - 1]]
    return {"r": r, "f": f, "m": m, "rfm_group": group, "is_slipping": r <= 2 and fm >= 3}


def _score(worse: int, number: int) -> int:
    return min(5, 1 + 5 * worse // number)


def big(person: Person, customers: int, weeks: int = 60, seed: int = 1, rate: float = 0.6) -> None:
    """Fill a shop quickly with customers who buy as BG/NBD says, so that there is something to foretell."""
    chance = random.Random(seed)
    with person.acting(), transaction():
        insert_many(Customer, [{"name": f"C{n}", "name_key": f"c{n}"} for n in range(customers)])
        ids = list(db.session.scalars(sa.select(Customer.id).order_by(Customer.id)))[-customers:]
        rows: list[dict[str, Any]] = []
        for id_ in ids:
            at = float(chance.randint(0, 7 * weeks // 2))
            each, leaves = chance.gammavariate(rate, 1 / 7.0) / 7, chance.betavariate(0.8, 2.5)
            mean = chance.gammavariate(6, 20_000_00)
            while at <= 7 * weeks:
                day = today() - dt.timedelta(days=7 * weeks - int(at))
                amount = round(chance.uniform(0.7, 1.3) * mean)
                rows.append({"customer_id": id_, "date": day, "amount": amount, "currency": "IDR", "status": "open"})
                if chance.random() < leaves:
                    break
                at += chance.expovariate(each)
        insert_many(Invoice, [{"note": "", "search_text": "", **row} for row in rows])
