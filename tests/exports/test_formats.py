"""What stands in a file: harmless in a spreadsheet, whole for a program."""

from __future__ import annotations

import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from python_calamine import load_workbook

from crm.exports.formats import Format, Setting, Sheet, vcard, write
from crm.kernel.exports import Column, Kind
from crm.values.spreadsheets import harmless, spaced

COLUMNS = (
    Column("name", "Name", None),
    Column("phone", "Phone", None, Kind.PHONE),
    Column("spent", "Spent", None, Kind.MONEY),
    Column("points", "Points", None, Kind.NUMBER),
    Column("day", "Day", None, Kind.DAY),
    Column("at", "At", None, Kind.MOMENT),
    Column("active", "Active", None, Kind.YES_NO),
)
NAMES = [
    "=cmd|' /C calc'!A0",
    "@SUM(1)",
    "+1 more",
    "-2+3",
    "\tTab",
    "\uff1dHYPERLINK(1)",
    "0042",
    "línea\nnueva",
    "😀 مرحبا",
    'a "quoted", name',
    "http://example.test/",
]
AT = dt.datetime(2026, 3, 4, 18, 5, 59, tzinfo=dt.UTC)


def rows() -> list[list[Any]]:
    return [[name, "+6281234567890", 150_050, 7, dt.date(2026, 3, 4), AT, True] for name in NAMES]


def written(tmp_path: Path, format_: Format, locale: str = "en_GB", currency: str = "USD") -> Path:
    path = tmp_path / "file"
    write(path, format_, Sheet("Customers", COLUMNS, Setting(ZoneInfo("Asia/Jakarta"), currency, locale)), rows())
    return path


def test_a_spreadsheet_has_texts_numbers_and_days(tmp_path: Path) -> None:
    path = written(tmp_path, Format.XLSX)
    head, *found = load_workbook(str(path)).get_sheet_by_index(0).to_python()
    assert head == [column.label for column in COLUMNS]
    assert [row[0] for row in found] == NAMES
    local = dt.datetime(2026, 3, 5, 1, 5)
    assert found[0][1:] == ["+6281234567890", 1500.5, 7, dt.date(2026, 3, 4), local, "Yes"]
    assert b"<f>" not in path.read_bytes()


def test_csv_for_excel_opens_with_a_double_click(tmp_path: Path) -> None:
    data = written(tmp_path, Format.EXCEL_CSV, "id_ID").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    head, *found = csv.reader(data.decode("utf-8-sig").splitlines(keepends=True), delimiter=";")
    assert head[0] == "Name"
    assert found[0][1:] == ["+62 812-3456-7890", "1500,50", "7", "2026-03-04", "2026-03-05 01:05", "Yes"]
    for name, row in zip(NAMES, found, strict=True):
        assert row[0].removeprefix("'").removeprefix('="').removesuffix('"') == name.removesuffix('"')
        assert row[0][0] not in "+-@\t\uff1d"
        assert row[0][0] != "=" or row[0] == '="0042"'


def test_csv_for_systems_has_what_is_stored(tmp_path: Path) -> None:
    data = written(tmp_path, Format.CSV, "id_ID").read_bytes()
    head, *found = csv.reader(data.decode().splitlines(keepends=True))
    assert head == [column.name for column in COLUMNS]
    assert [row[0] for row in found] == NAMES
    assert found[0][1:] == ["+6281234567890", "1500.50", "7", "2026-03-04", "2026-03-04T18:05:59Z", "true"]


def test_ndjson_has_the_values_of_the_api(tmp_path: Path) -> None:
    found = [json.loads(line) for line in written(tmp_path, Format.NDJSON).read_text().split("\n") if line]
    assert [row["name"] for row in found] == NAMES
    assert found[0]["spent"] == "1500.50"
    assert found[0]["active"] is True
    assert found[0]["at"] == "2026-03-04T18:05:59Z"


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1500.50"), ("KWD", "150.050")])
def test_amounts_have_the_decimals_of_their_currency(tmp_path: Path, currency: str, amount: str) -> None:
    line = written(tmp_path, Format.NDJSON, currency=currency).read_text().splitlines()[0]
    assert json.loads(line)["spent"] == amount


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-5", "-5"),
        ("+5,5", "+5,5"),
        ("-5x", "'-5x"),
        ("=1", "'=1"),
        ("", ""),
        ("a=1", "a=1"),
        ("0042", '="0042"'),
        ("42", "42"),
        ("0", "0"),
        ("0812", '="0812"'),
        ("+6281234567890", '="+6281234567890"'),
        ("6281234567890", '="6281234567890"'),
        ("12E7", '="12E7"'),
        ("+49 171 1234567", "+49 171 1234567"),
        ("+49-171-1234567", "'+49-171-1234567"),
        ("\uff20x", "'\uff20x"),
    ],
)
def test_only_what_a_spreadsheet_would_run_is_quoted(text: str, shown: str) -> None:
    assert harmless(text) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+6281234567890", "+62 812-3456-7890"),
        ("=1+1", "'=1+1"),
        ("ask Budi", "ask Budi"),
        ("+999", "'+999"),
        ("0812", '="0812"'),
    ],
)
def test_a_number_stays_a_text(number: str, shown: str) -> None:
    assert spaced(number) == shown


def test_a_contact_is_folded_and_escaped() -> None:
    person = {
        "name": "Ana; Maria, S",
        "phone": "+6281234567890",
        "email": None,
        "phones": "+6281234567890, +622112345",
        "emails": None,
        "address": "Jl. A\nB",
        "city": "",
        "province": "",
        "postal_code": "",
        "birthday": "02-14",
        "notes": "ü" * 60,
    }
    card = vcard(person)
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))
    unfolded = card.replace("\r\n ", "").split("\r\n")
    assert "FN:Ana\\; Maria\\, S" in unfolded
    assert [line for line in unfolded if line.startswith("TEL")] == [
        "TEL;TYPE=CELL:+6281234567890",
        "TEL;TYPE=CELL:+622112345",
    ]
    assert "BDAY:--02-14" in unfolded
    assert "ADR;TYPE=HOME:;;Jl. A\\nB;;;;" in unfolded
    assert f"NOTE:{'ü' * 60}" in unfolded
