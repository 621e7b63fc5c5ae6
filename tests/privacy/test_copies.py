"""A copy of all that hangs on a person, in their language, without the data of others."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest
from flask import Flask

from crm.exports import jobs
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.notes.models import Kind, Note
from crm.privacy.rules import LARGE_COPY, MOST_COPIES
from tests.factories import (
    PDF,
    Cast,
    make_booking,
    make_customer,
    make_lead,
    make_message,
    make_note,
    make_receipt,
    make_text,
)
from tests.privacy.everything import EMAIL, NAME, PHONE


def test_a_copy_has_what_is_theirs_and_nobody_elses(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE, email=EMAIL, language="id")
        other = make_customer(name="Agus Wijaya", phone="+62 812 7000 1111", email="agus@example.com")
        make_note(customer_id=id_, text=f"Comes with Agus Wijaya, 0812 7000 1111 or agus@example.com; call {PHONE}")
        make_message(customer_id=id_, body="Your cake is ready")
        make_text(sender=PHONE, body="When is it ready?")
        make_booking(persons=[{"name": NAME, "customer_id": id_}, {"name": "Agus Wijaya", "customer_id": other}])
        receipt, lost = make_receipt(customer_id=id_), make_receipt(customer_id=id_)
        storage.current().delete(db.session.get_one(Receipt, lost).original_key)
        make_lead(name="Nobody Related")
    answer = cast.manager.client().get(f"/customers/{id_}/data")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    names = archive.namelist()
    assert f"files/{receipt}-receipt.pdf" in names
    assert archive.read(f"files/{receipt}-receipt.pdf") == PDF
    assert f"files/{lost}-receipt.pdf" in archive.read("missing.txt").decode()
    data = json.loads(archive.read("data.json"))
    assert {
        "customers",
        "notes",
        "messages",
        "inbound_messages",
        "bookings",
        "booking_persons",
        "invoices",
        "receipts",
        "events",
    } <= set(data)
    page = archive.read("data.html").decode()
    for said in (NAME, "Your cake is ready", "When is it ready?"):
        assert said in page
        assert said in json.dumps(data)
    everything = page + json.dumps(data)
    for others in ("Agus", "7000 1111", "70001111", "agus@", "Nobody"):
        assert others not in everything
    assert 'lang="id"' in page
    assert PHONE[3:] in everything
    assert "Copy of their data downloaded" in cast.owner.client().get(f"/customers/{id_}/timeline").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_of_many_rows_is_made_by_the_worker(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME, phone=PHONE, language="id")
        receipt = make_receipt(customer_id=id_)
        with transaction() as session:
            session.add_all(Note(customer_id=id_, kind=Kind.NOTE, text=f"Note {at}") for at in range(LARGE_COPY))
    manager = cast.manager.client()

    answer = manager.get(f"/customers/{id_}/data")

    assert (answer.status_code, answer.location) == (303, "/exports#runs")
    page = manager.get("/exports").text
    assert "Writing the file" in page
    assert "Copy of their data" in page
    with app.app_context():
        while jobs.write_due():
            pass
    found = re.search(r'href="(/exports/\d+/file)"', manager.get("/exports").text)
    assert found
    archive = zipfile.ZipFile(io.BytesIO(manager.get(found[1]).data))
    assert archive.testzip() is None
    assert archive.read(f"files/{receipt}-receipt.pdf") == PDF
    assert len(json.loads(archive.read("data.json"))["notes"]) == LARGE_COPY
    assert 'lang="id"' in archive.read("data.html").decode()
    assert "Copy of their data downloaded" in cast.owner.client().get(f"/customers/{id_}/timeline").text
    # Nobody else gets it: whom they see is another question.
    assert cast.owner.client().get(found[1]).status_code == 404
    assert found[1] not in cast.owner.client().get("/exports").text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_copies_are_for_managers_and_not_without_end(cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer(name=NAME)
    page = f"/customers/{id_}/data"
    assert [person.client().get(page).status_code for person in (cast.staff, cast.stranger)] == [403, 404]
    assert page not in cast.staff.client().get(f"/customers/{id_}").text
    manager = cast.manager.client()
    assert f'href="{page}"' in manager.get(f"/customers/{id_}").text
    assert {manager.get(page).status_code for _ in range(MOST_COPIES)} == {200}
    assert manager.get(page).status_code == 429
