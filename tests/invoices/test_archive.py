"""The receipts of a list as one ZIP: the same bytes, safe names, an index of all, and nothing of strangers."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.invoices import archive
from crm.invoices.filenames import archive_name
from crm.invoices.models import Receipt
from crm.invoices.services import add_invoice
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.storage import Storage, StorageError
from tests.factories import Cast, Person, make_customer

NOVEMBER = dt.date(2026, 11, 2)
URL = "/invoices/receipts.zip"


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def receipt(person: Person, content: bytes | None, note: str = "", day: dt.date = NOVEMBER, **values: str) -> int:
    """Make an invoice with a receipt; without content it could not be converted."""
    with person.acting():
        invoice = add_invoice(make_customer(**values), 150_000_00, day, note)
        key = f"receipts/{invoice.id}"
        if content is not None:
            storage.current().put(key, content)
        state = "failed" if content is None else "ready"
        pdf_key, reason = (None, "This PDF has no pages. Choose another file.") if content is None else (key, "")
        with transaction() as session:
            known = {"filename": "bon.jpg", "kind": "jpeg", "size": 1, "sha256": "0" * 64, "original_key": key}
            session.add(Receipt(invoice_id=invoice.id, state=state, pdf_key=pdf_key, reason=reason, **known))
        return invoice.id


def unpacked(client: FlaskClient, query: str = "") -> tuple[dict[str, bytes], list[list[str]]]:
    """Return the files by name, and the lines of the index."""
    answer = client.get(f"{URL}?{query}")
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.testzip() is None
        files = {name: packed.read(name) for name in packed.namelist()}
    index = files.pop("index.csv")
    assert index.startswith(b"\xef\xbb\xbf"), "spreadsheets read it as UTF-8"
    return files, list(csv.reader(io.StringIO(index.decode("utf-8-sig"))))[1:]


def test_it_has_the_same_bytes_and_an_index(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    large = bytes(range(256)) * 4_000
    first = receipt(cast.staff, large, "Cake", name="Ibu Sari")
    second = receipt(cast.staff, b"%PDF second", name="ibu sari")
    failed = receipt(cast.staff, None, name="Budi")
    with cast.staff.acting():
        bare = add_invoice(make_customer(name="Ani"), 5_00, NOVEMBER, "").id
    receipt(cast.staff, b"%PDF October", day=dt.date(2026, 10, 1), name="Old")

    files, lines = unpacked(staff, "month=2026-11")

    assert files == {
        "2026-11-02 Ibu Sari 150000 IDR.pdf": large,
        "2026-11-02 ibu sari 150000 IDR (2).pdf": b"%PDF second",
    }
    known = ["2026-11-02", "Ibu Sari", "150000.00", "IDR", "Open", "Cake", "bon.jpg", "Ready", ""]
    assert lines[0] == [str(first), *known, "2026-11-02 Ibu Sari 150000 IDR.pdf"]
    assert [int(line[0]) for line in lines] == [first, second, failed, bare]
    assert lines[2][7:] == ["bon.jpg", "Not converted", "This PDF has no pages. Choose another file.", ""]
    assert lines[3][7:] == ["", "No receipt", "", ""]
    assert set(unpacked(staff, "q=budi")[0]) == set()
    assert len(unpacked(staff)[0]) == 3


def test_hostile_names_and_texts_do_no_harm(cast: Cast, staff: FlaskClient) -> None:
    names = (
        "../../etc/passwd",
        "C:\\x|y?",
        "=cmd|' /C calc'!A0",
        "\u202egnp.exe",
        "x" * 200,
        "سارة " * 30,
        "...",
        "a\nb",
    )
    for name in names:
        receipt(cast.staff, b"%PDF", note="\uff1d1+1", name=name)
    files, lines = unpacked(staff)
    assert len(files) == len(names)
    for name in files:
        assert name.startswith("2026-11-02 ")
        assert name.endswith(".pdf")
        assert not set(name) & set('/\\:*?"<>|\n\u202e')
        assert len(name.encode()) <= 255
    for line in lines:
        assert all(not cell.startswith(("=", "+", "-", "@")) for cell in line), line
        assert line[6] == "'\uff1d1+1"


def test_names_differ_by_more_than_case() -> None:
    taken: set[str] = set()
    found = [archive_name(NOVEMBER, name, "5 IDR", taken) for name in ("Sari", "SARI", "Sari", "", "customer")]
    assert len({name.casefold() for name in found}) == 5


def test_what_the_storage_lost_is_named(cast: Cast, staff: FlaskClient) -> None:
    receipt(cast.staff, b"%PDF here", name="Ani")
    lost = receipt(cast.staff, b"%PDF lost", name="Budi")
    with cast.staff.acting():
        storage.current().delete(f"receipts/{lost}")
    files, lines = unpacked(staff)
    assert list(files.values()) == [b"%PDF here"]
    assert lines[1][9:] == ["The file is no longer in the storage.", ""]


def test_a_storage_that_does_not_answer_is_said_before_the_download(
    cast: Cast, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt(cast.staff, b"%PDF")

    def broken(self: Storage, key: str) -> None:
        raise StorageError("down")

    monkeypatch.setattr(Storage, "stream", broken)
    answer = staff.get(URL)
    assert answer.status_code == 503
    assert "read right now. Try again in a minute." in answer.text


def test_it_is_read_in_pieces(cast: Cast) -> None:
    """Not one piece has more than a piece of a file, however large the whole is."""
    for number in range(3):
        receipt(cast.staff, bytes([number]) * 2_000_000)
    with cast.staff.acting():
        pieces = [len(piece) for piece in archive.stream(archive.read(archive.InvoiceFilter()), storage.current())]
    assert sum(pieces) > 6_000_000
    assert max(pieces) < 1_000_000


def test_none_and_too_many_are_refused_with_a_sentence(
    cast: Cast, staff: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Download" not in staff.get("/invoices").text
    answer = staff.get(URL)
    assert (answer.status_code, "There are no receipts here." in answer.text) == (409, True)
    for _ in range(3):
        receipt(cast.staff, b"%PDF")
    assert "Download 3 receipts" in staff.get("/invoices").text
    monkeypatch.setattr(archive, "MAX_RECEIPTS", 2)
    for page in (staff.get("/invoices"), staff.get(URL)):
        assert "A download takes up to 2 receipts. Choose a month, or filter further." in page.text
    assert staff.get(URL).status_code == 409
    monkeypatch.setattr(archive, "MAX_INVOICES", 2)
    assert staff.get(URL).status_code == 409


def test_strangers_get_none_of_them(cast: Cast, staff: FlaskClient) -> None:
    receipt(cast.staff, b"%PDF")
    assert cast.stranger.client().get(URL).status_code == 409
    assert list(unpacked(cast.viewer.client())[0].values()) == [b"%PDF"], "who may read receipts may download them"
    with cast.owner.acting():
        assert db.session.query(Receipt).count() == 1
