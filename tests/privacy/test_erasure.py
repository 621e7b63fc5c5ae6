"""Erasure: what is left of a person is what the law wants of their invoices, also after a backup is restored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.backups.services import make_archive
from crm.customers.models import Customer
from crm.customers.services import create_customer, edit_customer, restore_customer
from crm.duplicates.services import merge
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.channels.phones import PHONES
from crm.messages.models import Message
from crm.messages.policy_facts import opt_out_problem, suppressed_among
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Suppression
from crm.opt_outs.services import put_on
from crm.privacy import ledger
from crm.privacy.erasure import erase, erase_again
from crm.privacy.person import Person
from tests.factories import (
    Cast,
    make_booking,
    make_customer,
    make_document,
    make_duplicate,
    make_invoice,
    make_message,
    make_note,
    make_receipt,
)
from tests.privacy.everything import EMAIL, NAME, PHONE, fill, traces, unfilled

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_nothing_is_left_of_a_person_in_any_table_or_file(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = fill()
        person = Person.of_customer(id_)
        assert not unfilled(person), "make a row of these for the person in tests/privacy/everything.py"
        assert len(traces()) > 90
        erase(id_, f"{NAME} asked for it")
    with cast.owner.acting():
        assert traces() == []
        count = len(db.session.scalars(sa.select(Event)).all())
        assert erase(id_, "again").name == f"Erased customer {id_}"
        assert len(db.session.scalars(sa.select(Event)).all()) == count, "erasing again changes nothing"
    client = cast.owner.client()
    for page in ("", "/timeline", "/invoices"):
        assert client.get(f"/customers/{id_}{page}").status_code in (200, 404)
    for page in (
        "/",
        "/leads",
        "/bookings",
        "/messages",
        "/inbox",
        "/reminders",
        "/settings/opt-outs",
        "/area-customers",
    ):
        assert client.get(page).status_code == 200, page


@SQLITE
def test_invoices_keep_what_the_law_wants(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE)
        receipt, document = make_receipt(customer_id=id_), make_document()
        booking = make_booking(persons=[{"name": NAME, "customer_id": id_}])
        with transaction() as session:
            session.get_one(Receipt, document).booking_id = booking
        gone = db.session.get_one(Receipt, document).original_key
    page = cast.owner.client().get(f"/customers/{id_}/erase").text
    assert "1 invoice: its amount, date and number" in page
    assert "1 receipt that proves one" in page
    with cast.owner.acting():
        erase(id_, "Asked for it")
        kept = db.session.get_one(Receipt, receipt)
        assert kept.filename == f"receipt-{receipt}"
        assert storage.current().exists(kept.original_key)
        assert (kept.invoice.amount, kept.invoice.note) == (150_000_00, "")  # type: ignore[union-attr]
        assert db.session.get(Receipt, document) is None
        assert not storage.current().exists(gone)
    shown = cast.owner.client().get(f"/customers/{id_}").text
    assert f"Erased customer {id_}" in shown
    assert "150,000" in shown or "150.000" in shown
    assert f"receipt-{receipt}" in shown


@SQLITE
def test_only_owners_erase_and_only_by_the_name(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE)
    page, typed = f"/customers/{id_}/erase", {"name": NAME.lower(), "reason": "Asked by letter"}
    for person, status in ((cast.manager, 403), (cast.staff, 403), (cast.stranger, 404)):
        assert person.client().post(page, data=typed).status_code == status
    owner = cast.owner.client()
    wrong = owner.post(page, data={"name": "Zebedia", "reason": "Asked by letter"})
    assert (wrong.status_code, "Type the name as it stands here" in wrong.text, "Asked by letter" in wrong.text) == (
        422,
        True,
        True,
    )
    assert owner.post(page, data={"name": NAME, "reason": " "}).status_code == 422
    assert owner.post(page, data=typed).status_code == 303
    shown = owner.get(f"/customers/{id_}").text
    assert NAME not in shown
    assert "Asked by letter" in shown
    assert f"{page}" not in shown
    assert owner.get(page).status_code == owner.post(page, data=typed).status_code == 303
    with cast.owner.acting():
        assert restore_customer(id_).is_archived
        with pytest.raises(ConflictError):
            edit_customer(id_, {"name": "Somebody"})


def test_an_opt_out_holds_when_the_number_comes_back(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE)
        put_on(PHONE, PHONES, OptOutSource.STOP, "STOP")
        erase(id_, "Asked for it")
        row = db.session.scalars(sa.select(Suppression)).one()
        assert "98765432" not in row.address
        back = create_customer({"name": NAME, "phone": PHONE}, another_person=True)
        assert opt_out_problem(back, PHONES)
        assert suppressed_among([PHONE], PHONES).keys() == {PHONE}
        row_id, back_id = row.id, back.id
    client = cast.owner.client()
    assert "A contact of someone erased" in client.get("/settings/opt-outs").text
    assert client.get(f"/customers/{back_id}").status_code == 200
    client.post(f"/settings/opt-outs/{row_id}/delete")
    with cast.owner.acting():
        assert not suppressed_among([PHONE], PHONES)


def test_others_keep_what_is_theirs(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE, email=EMAIL)
        family = make_customer(name="Nora Quxworthy", phone=PHONE, notes=f"Daughter of {NAME}, {EMAIL}")
        other = make_customer(name="Agus Wijaya")
        booking = make_booking(
            persons=[{"name": NAME, "customer_id": id_}, {"name": "Agus Wijaya", "customer_id": other}]
        )
        note, invoice = make_note(customer_id=other, text=f"Knows {NAME.upper()}."), make_invoice(other)
        erase(id_, "Asked for it")
        nora = db.session.get_one(Customer, family)
        assert (nora.name, nora.phone, nora.notes) == ("Nora Quxworthy", PHONE, "Daughter of […], […]")
        assert db.session.get_one(Customer, other).name == "Agus Wijaya"
        assert note
        assert invoice
    client = cast.owner.client()
    assert "Knows […]." in client.get(f"/customers/{other}").text
    page = client.get(f"/bookings/{booking}").text
    assert "Agus Wijaya" in page
    assert NAME not in page


@SQLITE
def test_who_was_merged_goes_too_and_messages_stop(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE)
        gone = make_customer(name="Zebedia Q.", email=EMAIL)
        message = make_message(customer_id=id_)
        merge(make_duplicate(id_, gone), id_, {})
        erase(id_, "Asked for it")
        assert db.session.get_one(Customer, gone).name == f"Erased customer {id_}"
        assert db.session.get_one(Message, message).status is Status.CANCELED
        assert traces() == []
        sending = make_customer(name="Somebody Else", phone="+62 812 7000 2222")
        make_message(customer_id=sending, status="submitting")
        with pytest.raises(ConflictError):
            erase(sending, "Too early")
        assert db.session.get_one(Customer, sending).name == "Somebody Else"


def test_a_restored_backup_is_erased_again(app: Flask, cast: Cast) -> None:
    """Rows of before come back under other ids, as a restore into a new organization writes them."""
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE, email=EMAIL)
        old = {column.name: value for column, value in _row(id_).items()}
        erase(id_, "Asked for it")
    with cast.stranger.acting():
        make_customer()
        kept = make_customer(name="Agus Wijaya")
        again = _put_back(old, cast.stranger.organization_id)
        distance = again - id_
        assert erase_again(cast.owner.organization_id, lambda table, number: number - distance) == 1
        assert traces() == []
        assert db.session.get_one(Customer, again).erased_at
        assert db.session.get_one(Customer, kept).name == "Agus Wijaya"
        assert not ledger.found_again(cast.stranger.organization_id + 77, lambda table, number: number)
    with app.app_context(), use_organization(cast.stranger.organization_id):
        assert erase_again(cast.owner.organization_id, lambda table, number: number - distance) == 0


def _row(id_: int) -> dict[Any, Any]:
    row = (
        db.session.connection()
        .execute(sa.select(Customer.__table__).where(Customer.__table__.c.id == id_))
        .mappings()
        .one()
    )
    return {Customer.__table__.c[name]: value for name, value in row.items()}


def _put_back(old: dict[str, Any], organization_id: int) -> int:
    values = {name: value for name, value in old.items() if name != "id"} | {"organization_id": organization_id}
    with transaction() as session:
        found = session.connection().execute(sa.insert(Customer.__table__).values(**values))
        return int(found.inserted_primary_key[0])


def test_an_archive_of_before_is_erased_when_it_is_restored(app: Flask, cast: Cast, tmp_path: Path) -> None:
    path = tmp_path / "shop.zip"
    with cast.owner.acting():
        id_ = fill(everywhere=False)
        kept = db.session.scalars(sa.select(Customer.name).where(Customer.name == "Agus Wijaya")).first()
    with app.app_context():
        make_archive(cast.owner.organization_id, path)
    with cast.owner.acting():
        erase(id_, "Asked for it")
    result = app.test_cli_runner().invoke(args=["backup", "restore", str(path), "--slug", "shop-two", "--json"])
    assert result.exit_code == 0, result.output
    with app.app_context(), use_organization(json.loads(result.output)["id"]):
        names = set(db.session.scalars(sa.select(Customer.name)))
        assert f"Erased customer {id_}" in names
        assert kept in names
        assert traces() == []
