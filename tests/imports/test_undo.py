"""The undo: what nobody touched is as before, what somebody changed or used stays, and is named."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
import sqlalchemy as sa

from crm.customers import contacts
from crm.customers.consent_models import ConsentChange
from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer, CustomerKey, CustomerSearch
from crm.customers.search import find_ids
from crm.customers.services import archive_customer, delete_customer, edit_customer
from crm.customers.totals import totals
from crm.duplicates.services import add_entry, merge
from crm.imports import queries, sentences, services
from crm.imports.check_job import CHECK
from crm.imports.commit import IMPORT
from crm.imports.models import Import
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from tests.factories import add_invoice, change_points, make_customer, make_lead, make_message
from tests.imports.conftest import Shop

TABLES = (Customer, CustomerKey, CustomerSearch, Duplicate, ConsentChange)


def contents(shop: Shop) -> dict[str, Any]:
    """Return all that an import may write, but for the events."""
    found: dict[str, Any] = {}
    with shop.manager.acting():
        for model in TABLES:
            table = model.__table__
            rows = db.session.connection().execute(sa.select(table).where(table.c.organization_id == 1))
            found[table.name] = sorted(map(repr, rows))
        found["totals"] = totals()
    return found


def people(shop: Shop) -> dict[str, int]:
    with shop.manager.acting():
        return {
            "siti": make_customer(name="Siti Rahma", phone="081234567890", city="Bandung"),
            "budi": make_customer(name="Budi Santoso", phone="081234567891"),
            "ani": make_customer(name="Ani Wijaya", phone="081234567892", email="ani@example.com"),
        }


ROWS = [
    ("Siti Rahma", "081234567890", "siti@example.com", "Jakarta"),
    ("Budi Santoso", "081234567891", "budi@example.com", "Bogor"),
    ("Ani Wijaya", "081234567892", "other@example.com", ""),
    ("Joko Halim", "081234567893", "", "Bogor"),
    ("Joko Halim", "081234567893", "joko@example.com", ""),
    ("Dewi Lestari", "081234567890", "", ""),
    ("Rina Kusuma", "081234567895", "rina@example.com", ""),
    ("Maya Putri", "081234567896", "", ""),
]


@pytest.mark.parametrize("mode", ["add", "overwrite"])
def test_untouched_everything_is_as_before(shop: Shop, mode: str) -> None:
    people(shop)
    before = contents(shop)
    sums = shop.take_in(ROWS, mode)
    assert sums["created"] == 3
    assert sums["review"] == 1
    assert contents(shop) != before

    undone = shop.undo(sums["id"])

    assert undone == {"reversed": 8}
    assert contents(shop) == before
    with shop.manager.acting():
        assert find_ids("Joko") == []


def test_fields_that_were_edited_stay_and_the_others_go_back(shop: Shop) -> None:
    ids = people(shop)
    import_id = shop.take_in(ROWS, "overwrite")["id"]
    with shop.manager.acting():
        edit_customer(ids["siti"], {"city": "Surabaya"})

    undone = shop.undo(import_id)

    assert undone == {"reversed": 7, "kept": 1}
    siti = shop.named("Siti Rahma")
    assert (siti["city"], siti["email"]) == ("Surabaya", None)
    with shop.manager.acting():
        (kept,) = queries.kept_rows(import_id)
        assert (kept.customer_id, kept.name, kept.reason) == (
            ids["siti"],
            "Siti Rahma",
            "City was changed since, and stays.",
        )


BACK_AND_FORTH = {
    "an e-mail goes to another": [
        ("Ani Wijaya", "081234567892", "new@example.com", ""),
        ("Budi Santoso", "081234567891", "ani@example.com", ""),
    ],
    "an e-mail goes to a new customer, by a later row": [
        ("Joko Halim", "081234567893", "", ""),
        ("Ani Wijaya", "081234567892", "new@example.com", ""),
        ("Joko Halim", "081234567893", "ani@example.com", ""),
    ],
    "a city goes and comes": [
        ("Siti Rahma", "081234567890", "", "#N/A"),
        ("Siti Rahma", "081234567890", "", "Bandung"),
    ],
    "two rows change a customer": [
        ("Siti Rahma", "081234567890", "siti@example.com", ""),
        ("Siti Rahma", "081234567890", "", "#N/A"),
    ],
    "a number goes, and comes with another": [
        ("Siti Rahma", "081234567890", "siti@example.com", ""),
        ("Siti Rahma", "#N/A", "siti@example.com", ""),
        ("Maya Putri", "081234567890", "", ""),
        ("Siti Rahma", "081234567890", "", ""),
    ],
}


@pytest.mark.parametrize("rows", BACK_AND_FORTH.values(), ids=BACK_AND_FORTH)
def test_it_makes_no_difference_which_rows_are_one_batch(
    shop: Shop, rows: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch is written as a whole, so it has to bring about what its rows would one by one."""
    people(shop)
    before, seen = contents(shop), set()
    for check_size, commit_size, undo_size in itertools.product([1, 1_000], repeat=3):
        monkeypatch.setattr(CHECK, "batch_size", check_size)
        monkeypatch.setattr(IMPORT, "batch_size", commit_size)
        import_id = shop.take_in(rows, "overwrite")["id"]
        seen.add((*shop.column(import_id, "verdict"), *shop.column(import_id, "outcome")))
        assert sentences.CHANGED_SINCE.english() not in shop.column(import_id, "reason")

        monkeypatch.setattr(IMPORT, "batch_size", undo_size)
        monkeypatch.setattr(services, "UNDONE_AT_ONCE", undo_size)
        assert set(shop.undo(import_id)) == {"reversed"}
        assert contents(shop) == before, (check_size, commit_size, undo_size)
    assert len(seen) == 1


USES = {
    "edited": lambda id_: edit_customer(id_, {"city": "Bali"}),
    "archived": archive_customer,
    "invoice": lambda id_: add_invoice(id_, 500_00, dt.date(2026, 1, 2), ""),
    "message": lambda id_: make_message(customer_id=id_),
    "points": lambda id_: change_points(id_, 10, "Welcome"),
    "lead": lambda id_: make_lead(name="Maya Putri", phone="081234567896"),
}


@pytest.mark.parametrize("use", USES)
def test_who_was_used_since_stays(shop: Shop, use: str) -> None:
    people(shop)
    import_id = shop.take_in(ROWS)["id"]
    maya = shop.named("Maya Putri")["id"]
    with shop.manager.acting():
        USES[use](maya)

    undone = shop.undo(import_id)

    assert undone == {"reversed": 7, "kept": 1}
    assert shop.named("Maya Putri")["id"] == maya
    with shop.manager.acting():
        assert [(kept.customer_id, kept.reason) for kept in queries.kept_rows(import_id)] == [
            (maya, "Changed or used since.")
        ]


def test_merged_since_and_deleted_since(shop: Shop) -> None:
    ids = people(shop)
    import_id = shop.take_in(ROWS)["id"]
    rina, maya = shop.named("Rina Kusuma")["id"], shop.named("Maya Putri")["id"]
    with shop.manager.acting():
        merge(add_entry((ids["siti"], rina)).id, ids["siti"], {})
        delete_customer(maya)

    undone = shop.undo(import_id)

    assert undone["kept"] == 1
    assert sum(undone.values()) == 8
    with shop.manager.acting():
        assert [kept.reason for kept in queries.kept_rows(import_id)] == ["Merged with another customer since."]


def test_a_contact_that_was_made_the_main_one_stays(shop: Shop) -> None:
    ids = people(shop)
    import_id = shop.take_in([("Ani Wijaya", "081234567892", "other@example.com", "")])["id"]
    with shop.manager.acting():
        key = db.session.scalars(sa.select(CustomerKey).where(CustomerKey.customer_id == ids["ani"])).one()
        contacts.make_main(ids["ani"], key.id)

    shop.undo(import_id)

    assert shop.named("Ani Wijaya")["email"] == "other@example.com"


def test_an_email_that_another_customer_took_is_not_taken_from_them(shop: Shop) -> None:
    ids = people(shop)
    import_id = shop.take_in([("Ani Wijaya", "081234567892", "new@example.com", "")], "overwrite")["id"]
    with shop.manager.acting():
        key = db.session.scalars(sa.select(CustomerKey).where(CustomerKey.customer_id == ids["ani"])).one()
        contacts.remove(ids["ani"], key.id)
        make_customer(name="Another", email="ani@example.com")

    undone = shop.undo(import_id)

    assert undone == {"kept": 1}
    assert shop.named("Ani Wijaya")["email"] == "new@example.com"


def test_it_can_be_undone_while_it_runs(shop: Shop) -> None:
    before = contents(shop)
    import_id = shop.check([(f"Person Number{at}", f"0812{10000000 + at}", "", "") for at in range(2_500)])
    with shop.manager.acting():
        services.commit_import(import_id)
        IMPORT.go_on(import_id)
        row = services.undo(import_id)
        assert row.is_under_way
        assert sum(row.outcomes.values()) == 2_500
        IMPORT.run(import_id)
    assert contents(shop) == before
    assert shop.sums(import_id)["skipped"] == 1_500


def test_stopped_what_is_imported_stays_until_it_is_undone(shop: Shop) -> None:
    import_id = shop.check([(f"Person Number{at}", f"0812{10000000 + at}", "", "") for at in range(1_200)])
    with shop.manager.acting():
        services.commit_import(import_id)
        IMPORT.go_on(import_id)
        assert services.cancel(import_id).state == "canceled"
        assert not IMPORT.go_on(import_id)
    sums = shop.sums(import_id)
    assert (sums["created"], sums["skipped"]) == (1_000, 200)
    assert shop.undo(import_id) == {"reversed": 1_000}


def test_each_customer_says_it_in_one_line(shop: Shop) -> None:
    ids = people(shop)
    import_id = shop.take_in(ROWS)["id"]
    shop.undo(import_id)
    with shop.manager.acting():
        events = db.session.scalars(sa.select(Event.action).where(Event.customer_id == ids["budi"])).all()
        assert events.count("customer.import_undone") == 1
        left = sa.select(Event).where(Event.customer_id.is_not(None), ~Event.customer_id.in_(ids.values()))
        assert db.session.scalars(left).all() == []
    assert "Import undone" in shop.manager.client().get(f"/customers/{ids['budi']}/timeline").text


def test_after_a_month_it_stays(shop: Shop) -> None:
    import_id = shop.take_in(ROWS[3:4])["id"]
    with shop.manager.acting():
        with transaction() as session:
            row = session.get_one(Import, import_id)
            assert row.finished_at is not None
            row.finished_at -= dt.timedelta(days=31)
        assert not services.undo(import_id).undone
    assert shop.named("Joko Halim")


def test_after_the_undo_the_file_can_be_imported_again(shop: Shop) -> None:
    people(shop)
    shop.undo(shop.take_in(ROWS)["id"])
    assert shop.take_in(ROWS)["created"] == 3
