"""Adding invoices and receipts: what is taken, what is refused with which words, and that nothing is half stored."""

from __future__ import annotations

import concurrent.futures
import datetime as dt
import errno
import html
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.invoices import rules
from crm.invoices.models import Receipt
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.errors import NO_ROOM
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.storage import Storage, StorageError, StorageFullError
from crm.kernel.work import due
from crm.values import clock
from tests import make_files
from tests.factories import Cast
from tests.invoices.steps import add, due_receipts, invoices, new_customer, receipts, send, stored_keys

JPEG = make_files.encode(make_files.picture(), "JPEG")
PNG = make_files.encode(make_files.picture(), "PNG")
PDF = make_files.pdf()
ON_ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what no database has a part in."""
TODAY = dt.datetime.now(clock.zone("Asia/Jakarta")).date()


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


@pytest.fixture
def customer(cast: Cast) -> int:
    return new_customer(cast.staff, name="Ibu Sari")


def test_an_invoice_is_saved_with_its_receipts(app: Flask, cast: Cast, staff: FlaskClient, customer: int) -> None:
    answer = add(staff, customer, (JPEG, "bon.jpg"), (PDF, "nota.pdf"), amount="1.500.000", note="Two cakes\nfor Budi")

    assert answer.status_code == 303
    assert answer.location == f"/customers/{customer}#invoices"
    [invoice] = invoices(cast.staff)
    assert (invoice.amount, invoice.currency, invoice.date) == (1_500_000_00, "IDR", dt.date(2026, 11, 2))
    assert (invoice.note, invoice.created_by_id) == ("Two cakes\nfor Budi", cast.staff.user_id)
    assert [(row.filename, row.kind, row.size, row.state) for row in receipts(cast.staff)] == [
        ("bon.jpg", "jpeg", len(JPEG), "converting"),
        ("nota.pdf", "pdf", len(PDF), "converting"),
    ]
    assert stored_keys(app) == {row.original_key for row in receipts(cast.staff)}
    assert sorted(due_receipts(app)) == [row.id for row in receipts(cast.staff)]


@ON_ONE
def test_the_currency_may_stand_beside_the_amount(cast: Cast, staff: FlaskClient, customer: int) -> None:
    for typed in ("Rp. 15.000,-", "15\u00a0000 rupiah", "IDR 15.000,00"):
        assert add(staff, customer, amount=typed).status_code == 303
    assert [(row.amount, row.currency) for row in invoices(cast.staff)] == [(15_000_00, "IDR")] * 3

    answer = add(staff, customer, amount="15.000 TL")
    assert answer.status_code == 422
    assert "Enter the amount in IDR, in digits alone." in answer.text
    assert 'value="15.000 TL"' in answer.text


def test_with_htmx_the_window_closes_and_the_panel_follows(staff: FlaskClient, customer: int) -> None:
    answer = add(staff, customer, (JPEG, "bon.jpg"), htmx=True)

    assert answer.status_code == 200
    assert '"closeWindow": true' in answer.headers["HX-Trigger"]
    assert 'id="invoices"' in answer.text
    assert 'hx-swap-oob="outerHTML"' in answer.text
    assert " added." in answer.text
    assert 'data-state="converting"' in answer.text


def test_an_invoice_needs_no_receipt_and_its_date_is_today(cast: Cast, staff: FlaskClient, customer: int) -> None:
    assert add(staff, customer, date="").status_code == 303
    assert invoices(cast.staff)[0].date == TODAY
    assert receipts(cast.staff) == []


def test_receipts_can_be_added_later(cast: Cast, staff: FlaskClient, customer: int) -> None:
    add(staff, customer)
    url = f"/invoices/{invoices(cast.staff)[0].id}/receipts/new"

    assert send(staff, url, {}, (JPEG, "a.jpg"), (PNG, "b.png")).status_code == 303
    answer = send(staff, url, {}, (PDF, "c.pdf"), htmx=True)

    assert [row.filename for row in receipts(cast.staff)] == ["a.jpg", "b.png", "c.pdf"]
    assert answer.text.count('data-state="converting"') == 3
    assert "Choose a receipt: a photo or a PDF." in send(staff, url, {}).text
    assert len(receipts(cast.staff)) == 3


def test_every_change_is_an_event_of_the_customer(cast: Cast, staff: FlaskClient, customer: int) -> None:
    add(staff, customer, (JPEG, "bon.jpg"))

    with cast.staff.acting():
        events = db.session.scalars(sa.select(Event).where(Event.customer_id == customer).order_by(Event.id)).all()
    assert [(event.action, event.actor_id) for event in events[1:]] == [
        ("invoice.created", cast.staff.user_id),
        ("receipt.added", cast.staff.user_id),
    ]
    assert events[1].changes["amount"] == [None, 150_000_00]


@ON_ONE
@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "bon.jpg", rules.EMPTY),
        (b"MZ\x90\0" + bytes(500), "bon.jpg", rules.WRONG_TYPE),
        (b"<html><script>alert(1)</script>", "bon.pdf", rules.WRONG_TYPE),
        (b"GIF89a" + bytes(100), "bon.png", rules.WRONG_TYPE),
        (b"\0\0\0\x18ftypheic" + bytes(100), "IMG_1.HEIC", rules.HEIC),
        (PDF[:-40], "nota.pdf", rules.DAMAGED_PDF),
        (make_files.png_bomb(), "bomb.png", rules.too_many_pixels(rules.MAX_PIXELS)),
        (JPEG + bytes(10 * 1024 * 1024), "big.jpg", rules.TOO_BIG),
    ],
)
def test_a_wrong_file_is_refused_at_its_field_and_nothing_typed_is_lost(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int, content: bytes, name: str, sentence: str
) -> None:
    fields = {"amount": "75.500", "date": "2026-10-31", "note": "Kue ulang tahun"}
    for htmx in (True, False):
        answer = add(staff, customer, (content, name), htmx=htmx, **fields)

        assert answer.status_code == 422
        assert f'<a href="#receipt">{sentence}</a>' in answer.text
        assert 'id="receipt-error"' in answer.text
        assert all(typed in answer.text for typed in fields.values())
    assert invoices(cast.staff) == []
    assert stored_keys(app) == set()


@ON_ONE
def test_content_decides_the_type_not_the_name(cast: Cast, staff: FlaskClient, customer: int) -> None:
    assert add(staff, customer, (PDF, "photo.jpg"), (JPEG, "scan.exe"), (PNG, "nota")).status_code == 303
    assert [row.kind for row in receipts(cast.staff)] == ["pdf", "jpeg", "png"]


def test_one_wrong_file_among_several_refuses_all_and_is_named(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int
) -> None:
    answer = add(staff, customer, (JPEG, "good.jpg"), (b"text", "<b>bad</b>.jpg"), (b"", "empty.pdf"))

    assert answer.status_code == 422
    # The last part of a path is the name: a slash ends what comes before it.
    assert f'<a href="#receipt">b&gt;.jpg: {rules.WRONG_TYPE}</a>' in answer.text
    assert f'<a href="#receipt">empty.pdf: {rules.EMPTY}</a>' in answer.text
    assert "Choose all of them again: the browser forgets them." in answer.text
    assert "<b>bad" not in answer.text
    assert (invoices(cast.staff), stored_keys(app)) == ([], set())


@ON_ONE
def test_more_than_ten_files_are_refused(app: Flask, cast: Cast, staff: FlaskClient, customer: int) -> None:
    answer = add(staff, customer, *[(JPEG, f"{n}.jpg") for n in range(11)])

    assert answer.status_code == 422
    assert "Choose 10 files at most." in answer.text
    assert (invoices(cast.staff), stored_keys(app)) == ([], set())
    assert add(staff, customer, *[(JPEG, f"{n}.jpg") for n in range(10)]).status_code == 303


@ON_ONE
def test_only_the_pages_for_files_take_large_requests_and_only_from_those_who_may(cast: Cast, customer: int) -> None:
    large = bytes(2 * 1024 * 1024)
    staff, viewer = cast.staff.client(), cast.viewer.client()

    assert add(staff, customer, (JPEG + large, "bon.jpg")).status_code == 303
    assert add(viewer, customer, (JPEG + large, "bon.jpg")).status_code == 403
    assert send(staff, "/customers/new", {"name": "Budi"}, (large, "x")).status_code == 413
    answer = staff.post(
        f"/customers/{customer}/invoices/new",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(10**9)},
    )
    assert answer.status_code == 413
    assert "These files have more than 100 MB together. Choose fewer, each of up to 10 MB, at a time." in answer.text


@ON_ONE
def test_the_form_says_what_may_be_chosen_before_anything_is_sent(staff: FlaskClient, customer: int) -> None:
    page = staff.get(f"/customers/{customer}/invoices/new").text
    assert "PDF, JPEG or PNG files of up to 10 MB each" in page
    assert "up to 10 PDF, JPEG or PNG files of up to 10 MB each" in page
    assert "up to 50 PDF, JPEG or PNG files of up to 10 MB each" in page


@ON_ONE
@pytest.mark.parametrize("amount", ["", "0", "-5", "-0", "1e309", "NaN", "∞", "abc", "12.345.67", "99999999999", "$5"])
def test_what_is_no_amount_is_refused_with_a_sentence(
    cast: Cast, staff: FlaskClient, customer: int, amount: str
) -> None:
    answer = add(staff, customer, (JPEG, "bon.jpg"), amount=amount)

    assert answer.status_code == 422
    assert '<a href="#amount">Enter ' in answer.text
    assert invoices(cast.staff) == []


@ON_ONE
@pytest.mark.parametrize(
    ("typed", "hundredths"),
    [("150000", 150_000_00), ("1.500", 1_500_00), ("1.234,50", 1_234_50), ("Rp 2.000", 2_000_00)],
)
def test_an_amount_is_read_as_the_organization_writes_it(
    cast: Cast, staff: FlaskClient, customer: int, typed: str, hundredths: int
) -> None:
    assert add(staff, customer, amount=typed).status_code == 303
    assert invoices(cast.staff)[0].amount == hundredths


@ON_ONE
@pytest.mark.parametrize(
    "date", [str(TODAY + dt.timedelta(days=1)), "0206-11-20", "1999-12-31", "2026-02-30", "soon", "9999-99-99"]
)
def test_a_day_no_invoice_can_have_is_refused(cast: Cast, staff: FlaskClient, customer: int, date: str) -> None:
    answer = add(staff, customer, date=date)

    assert answer.status_code == 422
    assert '<a href="#date">Enter the invoice\'s date' in html.unescape(answer.text)
    assert f'value="{date}"' in answer.text


def test_today_is_the_organizations_and_not_the_servers(cast: Cast, staff: FlaskClient, customer: int) -> None:
    assert add(staff, customer, date=str(TODAY)).status_code == 303
    assert f'value="{TODAY}"' in staff.get(f"/customers/{customer}/invoices/new").text


@ON_ONE
def test_a_note_has_room_for_2000_characters(staff: FlaskClient, customer: int) -> None:
    assert "Shorten “Note” by 1 character" in add(staff, customer, note="x" * 2001).text
    assert add(staff, customer, note="x" * 2000).status_code == 303


@ON_ONE
@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd.jpg", "passwd.jpg"),
        ("bon\u202egpj.exe.jpg", "bongpj.exe.jpg"),
        ("x" * 5000 + ".jpg", "x" * 96 + ".jpg"),
        ("<img src=x>.jpg", "<img src=x>.jpg"),
        ("...", "receipt"),
        ("نوٹ.jpg", "نوٹ.jpg"),
    ],
)
def test_a_files_name_is_only_shown_cleaned_and_short(
    cast: Cast, staff: FlaskClient, customer: int, sent: str, shown: str
) -> None:
    assert add(staff, customer, (JPEG, sent)).status_code == 303
    assert receipts(cast.staff)[0].filename == shown


def test_the_same_form_sent_twice_is_one_invoice(app: Flask, cast: Cast, staff: FlaskClient, customer: int) -> None:
    first, second = (add(staff, customer, (JPEG, "bon.jpg"), idempotency_key="k1") for _ in range(2))

    assert (first.status_code, first.location) == (second.status_code, second.location)
    assert len(invoices(cast.staff)) == 1
    assert stored_keys(app) == {row.original_key for row in receipts(cast.staff)}


def test_a_used_key_with_other_content_keeps_the_form_and_gets_a_new_key(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int
) -> None:
    add(staff, customer, (JPEG, "bon.jpg"), idempotency_key="k1")
    for files, fields in (([(JPEG, "bon.jpg")], {"amount": "999"}), ([(PNG, "bon.jpg")], {})):
        answer = add(staff, customer, *files, idempotency_key="k1", **fields)

        assert answer.status_code == 422
        assert "sent before with other content" in answer.text
        assert 'value="k1"' not in answer.text
        assert fields.get("amount", "150000") in answer.text
    assert len(invoices(cast.staff)) == 1
    assert stored_keys(app) == {row.original_key for row in receipts(cast.staff)}


def test_twenty_identical_forms_at_once_are_one_invoice(app: Flask, cast: Cast, customer: int) -> None:
    clients = [cast.staff.client() for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda client: add(client, customer, (JPEG, "bon.jpg"), idempotency_key="k"), clients))

    assert {answer.status_code for answer in answers} == {303}
    assert len(invoices(cast.staff)) == 1
    assert stored_keys(app) == {row.original_key for row in receipts(cast.staff)}


def test_another_organizations_customer_or_invoice_is_not_there(cast: Cast, staff: FlaskClient, customer: int) -> None:
    add(staff, customer)
    stranger = cast.stranger.client()

    assert add(stranger, customer, (JPEG, "bon.jpg")).status_code == 404
    assert (
        send(stranger, f"/invoices/{invoices(cast.staff)[0].id}/receipts/new", {}, (JPEG, "a.jpg")).status_code == 404
    )
    assert stranger.get(f"/customers/{customer}/invoices").status_code == 404
    assert receipts(cast.staff) == []


def test_a_viewer_reads_but_adds_nothing(cast: Cast, customer: int) -> None:
    viewer = cast.viewer.client()

    assert viewer.get(f"/customers/{customer}/invoices").status_code == 200
    assert viewer.get(f"/customers/{customer}/invoices/new").status_code == 403
    assert add(viewer, customer, (JPEG, "bon.jpg")).status_code == 403
    assert invoices(cast.staff) == []


def test_a_storage_that_fails_keeps_the_form_and_stores_nothing(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Storage.put, []

    def put(self: Storage, key: str, data: object) -> None:
        calls.append(key)
        if len(calls) == 2:
            raise StorageError("The disk is full.")
        real(self, key, data)  # type: ignore[arg-type]

    monkeypatch.setattr(Storage, "put", put)
    answer = add(staff, customer, (JPEG, "a.jpg"), (PDF, "b.pdf"), amount="75.500")

    assert answer.status_code == 422
    assert "The file couldn't be stored" in html.unescape(answer.text)
    assert "75.500" in answer.text
    assert (invoices(cast.staff), stored_keys(app)) == ([], set())


def test_what_breaks_before_the_commit_leaves_no_file(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_off(*arguments: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(due, "put_off", put_off)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    assert add(staff, customer, (JPEG, "a.jpg")).status_code == 500
    assert stored_keys(app) == set()
    assert invoices(cast.staff) == []


def test_a_file_is_stored_before_its_row(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int, tmp_path: Path
) -> None:
    add(staff, customer, (JPEG, "a.jpg"))

    with app.app_context():
        assert storage.current().get(receipts(cast.staff)[0].original_key) == JPEG


@ON_ONE
def test_photos_that_are_all_called_the_same_can_be_told_apart(cast: Cast, staff: FlaskClient, customer: int) -> None:
    photos = [make_files.encode(make_files.picture(size=(40 + n, 30)), "JPEG") for n in range(3)]
    add(staff, customer, *[(photo, "image.jpg") for photo in photos])
    url = f"/invoices/{invoices(cast.staff)[0].id}/receipts/new"
    send(staff, url, {}, (PNG, "image.jpg"), (PDF, "nota"), (JPEG, "nota"))

    names = [row.filename for row in receipts(cast.staff)]
    assert names == ["image.jpg", "image (2).jpg", "image (3).jpg", "image (4).jpg", "nota", "nota (2)"]
    assert {row.notice for row in receipts(cast.staff)} == {""}


def test_the_same_file_twice_says_so_wherever_the_customer_has_it(
    cast: Cast, staff: FlaskClient, customer: int
) -> None:
    add(staff, customer, (JPEG, "a.jpg"), (JPEG, "b.jpg"), date="2026-11-02")
    page = add(staff, customer, (JPEG, "c.jpg"), date="2026-11-03", htmx=True).text
    add(staff, new_customer(cast.staff), (JPEG, "a.jpg"))

    again = "The same file is at this customer's invoice of {}, as a.jpg."
    assert [row.notice for row in receipts(cast.staff)] == [
        "",
        "The same file is here twice, as a.jpg, too.",
        again.format("2026-11-02"),
        "",
    ]
    assert again.format("2 November 2026").replace("'", "&#39;") in page


def test_a_disk_without_room_says_so_and_keeps_what_was_typed(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(self: Storage, key: str, data: object) -> None:
        raise StorageFullError("The disk is full.")

    monkeypatch.setattr(Storage, "put", put)
    answer = add(staff, customer, (JPEG, "a.jpg"), amount="75.500")

    assert answer.status_code == 422
    assert NO_ROOM in answer.text
    assert "75.500" in answer.text
    assert invoices(cast.staff) == []


@ON_ONE
def test_a_disk_without_room_for_the_upload_itself_is_no_fault_of_the_program(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(app.request_class, "_get_file_stream", full)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = add(staff, customer, (JPEG, "a.jpg"))
    assert (answer.status_code, NO_ROOM in answer.text) == (503, True)


def test_a_user_adds_no_more_within_a_day_than_the_installation_allows(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int
) -> None:
    app.config["RECEIPT_MEGABYTES_A_DAY"] = 3
    large = JPEG + bytes(2 * 1024 * 1024 - len(JPEG))
    assert add(staff, customer, (large, "a.jpg")).status_code == 303
    answer = add(staff, customer, (large, "b.jpg"), amount="75.500")

    assert answer.status_code == 422
    assert "You can add 3 MB or 1000 files a day" in answer.text
    assert "75.500" in answer.text
    assert len(receipts(cast.staff)) == 1
    assert stored_keys(app) == {receipts(cast.staff)[0].original_key}
    assert add(staff, customer, (JPEG, "small.jpg")).status_code == 303
    assert add(staff, customer).status_code == 303, "an invoice without a receipt takes no room"
    assert add(cast.manager.client(), customer, (large, "b.jpg")).status_code == 303
    with cast.staff.acting(), transaction():
        yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(hours=25)
        db.session.execute(sa.update(Receipt).values(created_at=yesterday))
    assert add(staff, customer, (large, "c.jpg")).status_code == 303


def test_what_was_saved_is_answered_again_after_the_limit_is_reached(
    app: Flask, cast: Cast, staff: FlaskClient, customer: int
) -> None:
    app.config["RECEIPT_MEGABYTES_A_DAY"] = 3
    large = JPEG + bytes(2 * 1024 * 1024 - len(JPEG))
    first, again = (add(staff, customer, (large, "a.jpg"), idempotency_key="k1") for _ in range(2))
    assert (again.status_code, again.location) == (303, first.location)

    app.config["RECEIPT_MEGABYTES_A_DAY"] = 5
    url, key = f"/invoices/{invoices(cast.staff)[0].id}/receipts/new", {"idempotency_key": "k2"}
    first, again = (send(staff, url, key, (large, "b.jpg")) for _ in range(2))
    assert (first.status_code, again.status_code, again.location) == (303, 303, first.location)

    assert len(invoices(cast.staff)) == 1
    assert stored_keys(app) == {row.original_key for row in receipts(cast.staff)}
    assert len(receipts(cast.staff)) == 2
