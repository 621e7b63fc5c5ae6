"""The sums of random files close, the commit does what the check said, and the undo brings everything back.

`IMPORT_SEEDS=100` tries a hundred files of each mode, and `IMPORT_SEED=7` the one of a seed.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence

import pytest

from crm.customers.services import delete_customer
from crm.imports import sentences, services
from crm.imports.check_job import CHECK
from crm.imports.commit import IMPORT
from crm.imports.states import Outcome, Verdict
from tests.factories import make_customer
from tests.imports.conftest import Shop
from tests.imports.test_undo import contents

FIRST = ["Siti", "Budi", "Ani", "Joko", ""]
LAST = ["Rahma", "Santoso", "Wijaya", ""]
PHONES = [f"08123456789{digit}" for digit in range(6)] + ["", "+62812", "12", "-", "call me", "#N/A"]
EMAILS = [f"person{digit}@example.com" for digit in range(4)] + ["", "", "no e-mail", "none@none", "#N/A"]
PASSPORTS = ["A1234567", "B7654321", "PENDING1", "X9", "", "", ""]
CITIES = ["Bandung", "Bogor", "", "#N/A"]
HEADERS = ("Name", "Phone", "Mobile", "E-mail", "Passport number", "City", "SMS allowed", "CRM id")
MODES = ["add", "overwrite", "new", "existing"]
OUTCOMES = {
    Verdict.NEW: {Outcome.CREATED},
    Verdict.CHANGED: {Outcome.UPDATED},
    Verdict.SAME: {Outcome.SAME, Outcome.SKIPPED},
    Verdict.DUPLICATE: {Outcome.UPDATED, Outcome.SKIPPED},
    Verdict.REVIEW: {Outcome.REVIEW},
    Verdict.ERROR: {Outcome.FAILED},
}
TRIED = int(os.environ.get("IMPORT_SEEDS", "1"))
ONE = os.environ.get("IMPORT_SEED")


@pytest.mark.parametrize("mode", MODES)
def test_random_files(shop: Shop, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(TRIED):
        seed = int(ONE) if ONE else random.randrange(1_000_000)
        try_file(shop, mode, random.Random(seed), monkeypatch, f"IMPORT_SEED={seed} {mode}")


def try_file(shop: Shop, mode: str, chance: random.Random, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    """Check, import and undo a file; each in batches of its own size, for a worker may stop anywhere."""
    with shop.manager.acting():
        ids = [
            make_customer(name=f"{first} {last}", phone=chance.choice(PHONES[:6]), passport_number=passport)
            for first, last, passport in (("Siti", "Rahma", "A1234567"), ("Budi", "Santoso", ""), ("Ani", "Wijaya", ""))
        ]
    rows = [row_of(chance, ids) for _ in range(chance.choice([60, 150, 150, 1_150]))]
    sizes = [150, 1_000] if len(rows) > 150 else [1, 7, 40, 1_000]
    check_size, commit_size, undo_size = (chance.choice(sizes) for _ in range(3))
    before = contents(shop)

    monkeypatch.setattr(CHECK, "batch_size", check_size)
    id_ = shop.check(rows, mode, headers=HEADERS)
    assert contents(shop) == before, named
    checked, verdicts = shop.sums(id_), shop.column(id_, "verdict")
    assert sum(checked[verdict.value] for verdict in Verdict) == checked["rows"] == len(rows), named

    monkeypatch.setattr(IMPORT, "batch_size", commit_size)
    sums = shop.commit(id_)

    assert sum(sums[outcome.value] for outcome in Outcome) == sums["rows"] == len(rows), named
    assert others(verdicts, shop.column(id_, "outcome")) == {}, named
    assert sentences.CHANGED_SINCE.english() not in shop.column(id_, "reason"), named
    monkeypatch.setattr(IMPORT, "batch_size", undo_size)
    monkeypatch.setattr(services, "UNDONE_AT_ONCE", undo_size)
    undone = shop.undo(id_)
    assert set(undone) <= {"reversed"}, (named, undone)
    assert contents(shop) == before, named
    with shop.manager.acting():
        for customer_id in ids:
            delete_customer(customer_id)


def others(verdicts: Sequence[Verdict], outcomes: Sequence[Outcome]) -> dict[int, tuple[Verdict, Outcome]]:
    """Return the rows of which the commit made something else than the check said."""
    both = zip(verdicts, outcomes, strict=True)
    return {at: (verdict, outcome) for at, (verdict, outcome) in enumerate(both, 2) if outcome not in OUTCOMES[verdict]}


def row_of(chance: random.Random, ids: list[int]) -> tuple[str, ...]:
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}".strip() or "Rina"
    id_ = str(chance.choice(ids)) if chance.random() < 0.05 else ""
    mobile = chance.choice(PHONES[:6]) if chance.random() < 0.1 else ""
    phone, email, passport, city = (chance.choice(some) for some in (PHONES, EMAILS, PASSPORTS, CITIES))
    return name, phone, mobile, email, passport, city, chance.choice(["yes", "no", ""]), id_
