"""The check says of every row what the commit will do, and the commit does that."""

from __future__ import annotations

import pytest

from crm.customers.services import archive_customer, edit_customer
from crm.imports import sentences
from crm.imports.check_job import CHECK
from crm.intake.rows import MANY
from tests.factories import make_customer
from tests.imports.conftest import Shop


def test_every_row_has_a_verdict_and_the_commit_follows_it(shop: Shop) -> None:
    with shop.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890", city="Bandung")
        make_customer(name="Budi Santoso", phone="081234567891")
    id_ = shop.check(
        [
            ("Ani Wijaya", "081234567892", "ani@example.com", "Bogor"),
            ("Siti Rahma", "081234567890", "", "Bandung"),
            ("Budi Santoso", "081234567891", "budi@example.com", "Jakarta"),
            ("Ani Wijaya", "081234567892", "", ""),
            ("Joko Halim", "081234567890", "", ""),
            ("Dewi", "", "not an e-mail", ""),
        ]
    )
    assert shop.verdicts(id_) == ["new", "same", "changed", "duplicate", "review", "error"]
    assert len(shop.customers()) == 2
    changed = shop.row(id_, 4)
    assert changed["before"] == {"email": None, "city": ""}
    assert changed["after"] == {"email": "budi@example.com", "city": "Jakarta"}
    assert shop.row(id_, 5)["twin"] == 2
    assert "Siti Rahma" in shop.row(id_, 6)["reason"]

    sums = shop.commit(id_)

    assert {name: sums[name] for name in ("created", "updated", "same", "skipped", "review", "failed")} == {
        "created": 1,
        "updated": 1,
        "same": 1,
        "skipped": 1,
        "review": 1,
        "failed": 1,
    }
    assert shop.named("Budi Santoso")["email"] == "budi@example.com"
    assert shop.named("Ani Wijaya")["source"] == "Import"


def test_rows_far_apart_meet_each_other(shop: Shop) -> None:
    people = [(f"Person Number{at}", f"0812{10000000 + at}", "", "") for at in range(1_500)]
    again = [
        ("Person Number3", "081210000003", "third@example.com", ""),
        ("Person Number3", "", "third@example.com", ""),
    ]
    id_ = shop.check([*people, *again])
    assert shop.sums(id_)["duplicate"] == 2
    assert shop.row(id_, 1_502)["twin"] == shop.row(id_, 1_503)["twin"] == 5

    sums = shop.commit(id_)

    assert (sums["created"], sums["updated"], sums["skipped"], sums["review"]) == (1_500, 1, 1, 0)
    assert shop.named("Person Number3")["email"] == "third@example.com"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_many_rows_name_leads_to_the_one_who_has_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [(f"Person Number{at}", f"0812{10000000 + at}", "A1234567") for at in range(MANY + 10)]
    given_up = (people[0][0], people[0][1], "#N/A")
    rows = [*people, given_up, ("Rina Kusuma", "081234567890", "A1234567"), ("Maya Putri", "081234567891", "A1234567")]
    monkeypatch.setattr(CHECK, "batch_size", len(rows) - 1)
    id_ = shop.check(rows, headers=("Name", "Phone", "Passport number"))
    assert shop.verdicts(id_)[-2:] == ["new", "review"]
    assert "Rina Kusuma" in shop.row(id_, len(rows) + 1)["reason"]

    shop.commit(id_)
    assert sentences.CHANGED_SINCE.english() not in shop.column(id_, "reason")


def test_what_was_changed_after_the_check_is_left_to_review(shop: Shop) -> None:
    with shop.manager.acting():
        siti = make_customer(name="Siti Rahma", phone="081234567890")
        budi = make_customer(name="Budi Santoso", phone="081234567891")
    id_ = shop.check([("Siti Rahma", "081234567890", "", "Bandung"), ("Budi Santoso", "081234567891", "", "Bogor")])
    with shop.manager.acting():
        edit_customer(siti, {"city": "Jakarta", "email": "siti@example.com"})
        edit_customer(budi, {"email": "budi@example.com"})

    sums = shop.commit(id_)

    assert (sums["same"], sums["updated"], sums["review"]) == (1, 1, 0)
    assert shop.named("Siti Rahma")["city"] == "Jakarta"


def test_a_customer_deleted_after_the_check_is_not_made_anew(shop: Shop) -> None:
    with shop.manager.acting():
        siti = make_customer(name="Siti Rahma", phone="081234567890")
    id_ = shop.check([("Siti Rahma", "081234567890", "", "Bandung")])
    with shop.manager.acting():
        edit_customer(siti, {"phone": "081299999999"})

    sums = shop.commit(id_)

    assert sums["review"] == 1
    assert [row["city"] for row in shop.customers()] == [""]


def test_an_archived_customer_is_left_alone(shop: Shop) -> None:
    with shop.manager.acting():
        archive_customer(make_customer(name="Siti Rahma", phone="081234567890"))
    id_ = shop.check([("Siti Rahma", "081234567890", "", "Bandung")])
    assert shop.verdicts(id_) == ["review"]
    assert "archived" in shop.row(id_, 2)["reason"]
    assert shop.commit(id_)["review"] == 1
    assert shop.customers()[0]["city"] == ""


def test_modes(shop: Shop) -> None:
    with shop.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890", city="Bandung")
    rows = [("Siti Rahma", "081234567890", "siti@example.com", "Jakarta"), ("Budi Santoso", "081234567891", "", "")]

    sums = shop.take_in(rows, "new")
    assert (sums["created"], sums["skipped"]) == (1, 1)
    assert shop.named("Siti Rahma")["email"] is None

    sums = shop.take_in([*rows, ("Ani Wijaya", "081234567893", "", "")], "existing")
    assert (sums["updated"], sums["same"], sums["skipped"]) == (1, 1, 1)
    assert (shop.named("Siti Rahma")["email"], shop.named("Siti Rahma")["city"]) == ("siti@example.com", "Bandung")

    sums = shop.take_in(rows, "overwrite")
    assert (sums["updated"], sums["same"]) == (1, 1)
    assert shop.named("Siti Rahma")["city"] == "Jakarta"


def test_empty_leaves_and_na_clears(shop: Shop) -> None:
    with shop.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890", city="Bandung", email="siti@example.com")
    sums = shop.take_in([("Siti Rahma", "081234567890", "", "#N/A")])
    assert sums["updated"] == 1
    assert (shop.named("Siti Rahma")["city"], shop.named("Siti Rahma")["email"]) == ("", "siti@example.com")


def test_consent_is_only_taken_away(shop: Shop) -> None:
    with shop.manager.acting():
        make_customer(name="Siti Rahma", phone="081234567890")
        make_customer(name="Budi Santoso", phone="081234567891", sms_allowed=False)
    headers = ("Name", "Phone", "SMS allowed")
    rows = [
        ("Siti Rahma", "081234567890", "no"),
        ("Budi Santoso", "081234567891", "yes"),
        ("Ani Wijaya", "081234567892", "no"),
    ]
    sums = shop.take_in(rows, headers=headers)
    assert (sums["created"], sums["updated"], sums["same"]) == (1, 1, 1)
    assert [row["sms_allowed"] for row in shop.customers()] == [False, False, False]


def test_our_own_id_comes_first_where_the_name_or_a_key_agrees(shop: Shop) -> None:
    with shop.manager.acting():
        siti = make_customer(name="Siti Rahma", phone="081234567890")
        make_customer(name="Siti Rahma", phone="081234567891")
    headers = ("CRM id", "Name", "Phone", "City")
    rows = [(str(siti), "Siti Rahma", "", "Bandung"), (str(siti), "Joko Halim", "081234567899", "Bogor")]
    sums = shop.take_in(rows, headers=headers)
    assert (sums["updated"], sums["created"]) == (1, 1)
    assert shop.customers()[0]["city"] == "Bandung"
