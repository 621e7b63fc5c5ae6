"""A receipt on its way to a PDF, as people see it, and its files as they are handed out."""

from __future__ import annotations

import datetime as dt
import io

import pikepdf
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from crm.customers.services import delete_customer
from crm.invoices import rules
from crm.invoices.services import add_invoice
from crm.kernel.events import Event
from crm.kernel.extensions import db
from tests import make_files
from tests.factories import Cast
from tests.invoices.steps import (
    HTMX,
    add,
    add_receipt,
    due_receipts,
    invoices,
    new_customer,
    receipt_of,
    receipts,
    stored_keys,
    work,
)

PHOTO = make_files.oriented(6)
BROKEN = PHOTO[: len(PHOTO) // 2]
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PHOTO, "image/jpeg"),
        (make_files.encode(make_files.picture(), "PNG"), "image/png"),
        (make_files.pdf(), "application/pdf"),
    ],
    ids=["jpeg", "png", "pdf"],
)
def test_a_file_becomes_a_pdf_and_the_original_stays(
    app: Flask, cast: Cast, staff: FlaskClient, content: bytes, kind: str
) -> None:
    receipt = add_receipt(staff, cast.staff, content)
    assert 'data-state="converting"' in staff.get(f"/receipts/{receipt}").text
    work(app)

    page = staff.get(f"/receipts/{receipt}").text
    assert 'data-state="ready"' in page
    assert "Ready" in page
    with pikepdf.open(io.BytesIO(staff.get(f"/receipts/{receipt}/file").data)) as pdf:
        assert len(pdf.pages) == 1
    original = staff.get(f"/receipts/{receipt}/original")
    assert original.data == content
    assert original.content_type == kind
    assert due_receipts(app) == []


@ON_ONE
def test_a_photo_taken_sideways_is_upright_in_its_pdf(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    receipt = add_receipt(staff, cast.staff, PHOTO)
    work(app)

    with pikepdf.open(io.BytesIO(staff.get(f"/receipts/{receipt}/file").data)) as pdf:
        [image] = pdf.pages[0].get_images().values()
        shown = pikepdf.PdfImage(image).as_pil_image().convert("RGB")
        corner = shown.getpixel((shown.width // 8, shown.height // 8))
        assert max(abs(a - b) for a, b in zip(corner, make_files.COLOURS["top left"], strict=True)) < 20
        assert float(pdf.pages[0].MediaBox[2]) > float(pdf.pages[0].MediaBox[3])


def test_until_it_is_ready_the_pdf_is_refused_in_words(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    receipt = add_receipt(staff, cast.staff, BROKEN)

    answer = staff.get(f"/receipts/{receipt}/file")
    assert answer.status_code == 409
    assert "still being converted" in answer.text
    work(app)
    answer = staff.get(f"/receipts/{receipt}/file")
    assert answer.status_code == 409
    assert rules.DAMAGED_PICTURE in answer.text


def test_a_file_that_cannot_be_converted_says_why_and_can_be_tried_again(
    app: Flask, cast: Cast, staff: FlaskClient
) -> None:
    receipt = add_receipt(staff, cast.staff, BROKEN)
    work(app)

    page = staff.get(f"/receipts/{receipt}").text
    assert 'data-state="failed"' in page
    assert rules.DAMAGED_PICTURE in page
    assert "Try again" in page
    assert staff.get(f"/receipts/{receipt}/original").data == BROKEN
    assert stored_keys(app) == {receipt_of(cast.staff, receipt).original_key}

    answer = staff.post(f"/receipts/{receipt}/retry", headers=HTMX)
    assert 'data-state="converting"' in answer.text
    assert due_receipts(app) == [receipt]
    work(app)
    assert receipt_of(cast.staff, receipt).state == "failed"
    with cast.staff.acting():
        actions = db.session.scalars(
            sa.select(Event.action).where(Event.subject == "receipts").order_by(Event.id)
        ).all()
    assert actions == ["receipt.added", "receipt.failed", "receipt.retried", "receipt.failed"]


@ON_ONE
@pytest.mark.parametrize(
    ("content", "state"),
    [
        (make_files.protected_pdf(), "failed"),
        (make_files.page_pdf(page=b"/Kids [3 0 R]"), "failed"),
        (make_files.page_pdf(b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"), "ready"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n%%EOF\n", "failed"),
        (make_files.jpeg_of_size(60_000, 60_000), "failed"),
        (make_files.encode(make_files.picture(), "PNG")[:60], "failed"),
        (make_files.png_bomb(7_900, 7_900, colour=6), "ready"),
    ],
    ids=["password", "loop", "script", "noise", "claims too much", "cut off", "unpacks to 250 MB"],
)
def test_a_hostile_file_ends_ready_or_with_a_reason_and_harms_nothing(
    app: Flask, cast: Cast, staff: FlaskClient, content: bytes, state: str
) -> None:
    hostile = add_receipt(staff, cast.staff, content)
    plain = add_receipt(staff, cast.staff, PHOTO)
    work(app)

    found = receipt_of(cast.staff, hostile)
    assert (found.state, bool(found.reason)) == (state, state == "failed")
    assert receipt_of(cast.staff, plain).state == "ready"
    if state == "ready":
        pdf = staff.get(f"/receipts/{hostile}/file").data
        assert pdf.startswith(b"%PDF-")
        assert b"JavaScript" not in pdf
    assert staff.get(f"/receipts/{hostile}/original").data == content


def test_trying_again_leaves_a_ready_receipt_alone(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    receipt = add_receipt(staff, cast.staff, PHOTO)
    work(app)

    assert staff.post(f"/receipts/{receipt}/retry").location == f"/receipts/{receipt}"
    assert receipt_of(cast.staff, receipt).state == "ready"
    assert due_receipts(app) == []


def test_the_page_asks_again_only_while_it_converts_and_only_a_change_is_an_answer(
    app: Flask, cast: Cast, staff: FlaskClient
) -> None:
    receipt = add_receipt(staff, cast.staff, PHOTO)
    url = f"/receipts/{receipt}?state=converting"

    assert f'hx-get="{url}" hx-trigger="every 2s"' in staff.get(f"/receipts/{receipt}").text
    assert staff.get(url, headers=HTMX).status_code == 204
    work(app)
    answer = staff.get(url, headers=HTMX)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith(f'<div class="receipt" id="receipt-{receipt}" data-state="ready"')
    assert "hx-trigger" not in answer.text


@ON_ONE
@pytest.mark.parametrize("which", ["file", "original"])
def test_files_are_handed_out_safely(app: Flask, cast: Cast, staff: FlaskClient, which: str) -> None:
    receipt = add_receipt(staff, cast.staff, PHOTO, "Kue #1 é نوٹ;.html")
    work(app)

    answer = staff.get(f"/receipts/{receipt}/{which}")
    extension = "pdf" if which == "file" else "jpg"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="Kue _1 e _.{extension}"; '
        f"filename*=UTF-8''Kue%20#1%20%C3%A9%20%D9%86%D9%88%D9%B9%3B.{extension}"
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Content-Length"] == str(len(answer.data))
    assert answer.headers["Cache-Control"] == "no-store"
    assert staff.head(f"/receipts/{receipt}/{which}").data == b""


def test_a_stranger_finds_nothing_and_a_viewer_only_reads(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    receipt = add_receipt(staff, cast.staff, BROKEN)
    work(app)
    stranger, viewer = cast.stranger.client(), cast.viewer.client()

    for path in ("", "/file", "/original"):
        assert stranger.get(f"/receipts/{receipt}{path}").status_code == 404
    assert stranger.post(f"/receipts/{receipt}/retry").status_code == 404
    assert viewer.get(f"/receipts/{receipt}/original").data == BROKEN
    assert f"/receipts/{receipt}/retry" not in viewer.get(f"/receipts/{receipt}").text
    assert viewer.post(f"/receipts/{receipt}/retry").status_code == 403
    assert app.test_client().get(f"/receipts/{receipt}/original").status_code == 303
    assert receipt_of(cast.staff, receipt).state == "failed"


def test_all_invoices_are_listed_the_latest_first_in_few_queries(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    customer = new_customer(cast.staff)
    with cast.staff.acting():
        for day in range(1, 56):
            add_invoice(customer, day * 100, dt.date(2026, 1, 1) + dt.timedelta(days=day % 7), f"note {day}")
    add(staff, customer, (PHOTO, "a.jpg"), (PHOTO, "b.jpg"))
    expected = [row.id for row in sorted(invoices(cast.staff), key=lambda row: (row.date, row.id), reverse=True)]

    statements: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    first = staff.get(f"/customers/{customer}/invoices").text
    assert len([statement for statement in statements if "invoices" in statement or "receipts" in statement]) == 1
    [older] = [part.split('"')[0] for part in first.split('rel="next" href="')[1:]]
    second = staff.get(older).text
    shown = [int(part.split('"')[0]) for part in (first + second).split('id="invoice-')[1:]]
    assert shown == expected
    assert staff.get(f"/customers/{customer}/invoices?before=nonsense").status_code == 200


def test_deleting_a_customer_for_good_deletes_the_files(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    customer, other = new_customer(cast.staff), new_customer(cast.staff)
    add(staff, customer, (PHOTO, "a.jpg"), (BROKEN, "b.jpg"))
    work(app)
    add(staff, customer, (PHOTO, "c.jpg"))
    add(staff, other, (PHOTO, "d.jpg"))

    with cast.manager.acting():
        delete_customer(customer)

    [left] = receipts(cast.staff)
    assert left.filename == "d.jpg"
    assert stored_keys(app) == {left.original_key}
    assert due_receipts(app) == [left.id]
