"""Documents of a booking: added and converted as receipts are, removed, taken back, and deleted after a day."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.bookings.documents import REMOVED, delete_removed
from crm.invoices.models import Receipt
from crm.invoices.orphans import remove_orphans
from crm.kernel import storage
from crm.kernel.db import database_now, transaction
from crm.kernel.extensions import db
from crm.kernel.work import due
from tests import make_files
from tests.api.conftest import Client
from tests.bookings.test_bookings import ALI, OMAR, book, one, rows
from tests.customers.test_timeline import lines
from tests.factories import Cast, make_booking, make_branch
from tests.invoices.steps import work

PDF = make_files.pdf()
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def add(client: FlaskClient, address: str, *names: str, **fields: str) -> Any:
    files = [(io.BytesIO(PDF), name) for name in names]
    return client.post(f"{address}/documents/new", data={"receipt": files, **fields})


def test_a_document_is_stored_converted_and_downloaded(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI, OMAR)
    answer = add(staff, address, "ticket.pdf", "ticket.pdf", idempotency_key="one")
    assert (answer.status_code, answer.location) == (303, f"{address}#documents")
    add(staff, address, "ticket.pdf", "ticket.pdf", idempotency_key="one")
    assert [document.filename for document in rows(cast.staff, Receipt)] == ["ticket.pdf", "ticket (2).pdf"]
    work(app)
    page = staff.get(address).text
    assert page.count('data-state="ready"') == 2
    assert 'href="/receipts/1/file"' in page
    for path in ("file", "original"):
        found = staff.get(f"/receipts/1/{path}")
        assert (found.status_code, found.headers["X-Content-Type-Options"]) == (200, "nosniff")
        assert found.headers["Content-Disposition"].startswith("attachment;")
    assert f'href="{address}#documents"' in staff.get("/receipts/1").text
    told = " ".join(lines(cast.staff, 1) + lines(cast.staff, 2))
    assert told.count("Document ticket.pdf added to a booking") == 2
    shown = Client(app, cast.staff.token()).get("bookings/1/")
    assert [(document["filename"], document["state"]) for document in shown["documents"]] == [
        ("ticket.pdf", "ready"),
        ("ticket (2).pdf", "ready"),
    ]


def test_what_is_no_document_is_refused(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI)
    empty = staff.post(f"{address}/documents/new", data={})
    assert (empty.status_code, "Choose a document: a photo or a PDF." in empty.text) == (422, True)
    wrong = staff.post(f"{address}/documents/new", data={"receipt": (io.BytesIO(b"<html>"), "a.pdf")})
    assert (wrong.status_code, "This file is not a PDF, JPEG or PNG." in wrong.text) == (422, True)
    assert rows(cast.staff, Receipt) == []


def test_a_removed_document_can_be_taken_back_until_its_files_are_deleted(
    app: Flask, cast: Cast, staff: FlaskClient
) -> None:
    address = book(staff, ALI)
    add(staff, address, "ticket.pdf")
    work(app)
    page = staff.post("/documents/1/removal", follow_redirects=True).text
    assert "ticket.pdf removed." in page
    assert "No documents yet." in page
    assert 'action="/documents/1/removal/delete"' in page
    for path in ("/receipts/1", "/receipts/1/file", "/receipts/1/original"):
        assert staff.get(path).status_code == 404
    staff.post("/documents/1/removal/delete")
    assert staff.get("/receipts/1/file").status_code == 200
    with app.app_context():
        assert remove_orphans(older_than=dt.timedelta(0)) == 0, "the files of a document are no orphans"
        delete_removed(cast.owner.organization_id)
    assert len(rows(cast.staff, Receipt)) == 1

    staff.post("/documents/1/removal")
    document = one(cast.staff, Receipt)
    with app.app_context():
        delete_removed(cast.owner.organization_id)
    assert len(rows(cast.staff, Receipt)) == 1, "it is kept for a day"
    with cast.owner.acting(), transaction():
        due.put_off(REMOVED, [document.id], database_now())
    with app.app_context():
        delete_removed(cast.owner.organization_id)
        for key in (document.original_key, document.pdf_key):
            with pytest.raises(FileNotFoundError):
                storage.current().stream(key or "")
    assert rows(cast.staff, Receipt) == []
    assert staff.post("/documents/1/removal/delete").status_code == 404


def test_strangers_viewers_and_other_branches(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI)
    add(staff, address, "ticket.pdf")
    stranger, viewer = cast.stranger.client(), cast.viewer.client()
    assert add(stranger, address, "a.pdf").status_code == 404
    assert add(viewer, address, "a.pdf").status_code == 403
    for path in ("/documents/1/removal", "/documents/1/removal/delete"):
        assert (stranger.post(path).status_code, viewer.post(path).status_code) == (404, 403)
    assert viewer.get("/receipts/1/original").status_code == 200
    assert "/documents/" not in viewer.get(address).text
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        mine, hidden = make_booking(branch_id=ours), make_booking(branch_id=theirs)
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    owner = cast.owner.client()
    for booking in (mine, hidden):
        add(owner, f"/bookings/{booking}", "visa.pdf")
    assert staff.get("/receipts/2/original").status_code == 200
    assert staff.get("/receipts/3/original").status_code == 404
    assert staff.post("/documents/3/removal").status_code == 404


def test_documents_stay_when_a_guest_is_deleted(cast: Cast, staff: FlaskClient) -> None:
    address = book(staff, ALI)
    add(staff, address, "ticket.pdf")
    assert cast.manager.client().post("/customers/1/delete").status_code == 303
    assert "ticket.pdf" in staff.get(address).text
    with cast.owner.acting():
        assert db.session.scalar(sa.select(Receipt.booking_id)) == 1
