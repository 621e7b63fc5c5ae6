"""Spreadsheets are read with all of their digits, and no file can hurt the process that asks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crm.imports.reading import sentences, spreadsheet
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Choices, Refused, Table
from tests.imports.reading import books
from tests.imports.reading.books import DAY, ERROR

MEASURE = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], capture_output=True)
print(json.dumps(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
"""


def saved(tmp_path: Path, content: bytes, name: str = "list.xlsx") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def cells_of(path: Path, choices: Choices | None = None) -> tuple[Table, list[list[str]]]:
    with open_table(path, choices) as table:
        return table, [row.cells for row in table.rows()]


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as refused, open_table(path):
        pass
    return str(refused.value)


def test_every_kind_of_cell_becomes_its_text(tmp_path: Path) -> None:
    rows = [
        ["Name", "Phone", "Born", "At", "Active", "Sum", "Error"],
        ["Ana", 6281234567890, (DAY, 45000), (DAY, 45000.5), True, 1.5, (ERROR, "#REF!")],
        [],
        ["Budi", 62812345678901234, (DAY, 1), None, False, 0.1, (ERROR, "#N/A")],
    ]
    table, cells = cells_of(saved(tmp_path, books.xlsx(rows)))
    assert cells[0] == ["Ana", "6281234567890", "2023-03-15", "2023-03-15 12:00:00", "TRUE", "1.5", ""]
    assert cells[1][:2] == ["Budi", "62812345678901232"]
    assert cells[1][4:] == ["FALSE", "0.1", ""]
    assert (table.kind, table.header_row, table.count) == ("xlsx", 1, 2)


def test_rows_keep_the_numbers_of_the_spreadsheet(tmp_path: Path) -> None:
    rows = [[], ["", "Customers of 2026"], [], [None, "Name", "Phone"], [], [None, "Ana", "0812"]]
    with open_table(saved(tmp_path, books.xlsx(rows))) as table:
        assert (table.header_row, table.headers) == (4, ("", "Name", "Phone"))
        assert [(row.number, row.cells) for row in table.rows()] == [(6, ["", "Ana", "0812"])]
        assert table.skipped == ("Customers of 2026",)


def test_the_first_visible_sheet_with_rows_is_taken_and_the_others_are_offered(tmp_path: Path) -> None:
    content = books.book(
        [
            ("Empty", "visible", []),
            ("Secret", "hidden", [["Name"], ["Hidden"]]),
            ("First", "visible", [["Name"], ["Ana"]]),
            ("Second", "visible", [["Name"], ["Budi"]]),
        ]
    )
    path = saved(tmp_path, content)
    table, cells = cells_of(path)
    assert cells == [["Ana"]]
    assert table.sheets == ("Empty", "First", "Second")
    assert table.choices.sheet == "First"
    assert table.notices == (sentences.HIDDEN_SHEETS.english(),)
    assert cells_of(path, Choices(sheet="Second"))[1] == [["Budi"]]
    assert cells_of(path, Choices(sheet="Secret"))[1] == [["Ana"]]


def test_days_counted_from_1904_are_known(tmp_path: Path) -> None:
    rows = [["Name", "Birthday"], ["Ana", (DAY, 32874)]]
    table, cells = cells_of(saved(tmp_path, books.xlsx(rows, properties='<workbookPr date1904="1"/>')))
    assert table.is_1904
    assert cells == [["Ana", "1994-01-02"]]
    assert not cells_of(saved(tmp_path, books.xlsx(rows)))[0].is_1904


def test_merged_cells_fill_headers_alone(tmp_path: Path) -> None:
    rows = [
        ["Name", "Contact"],
        [None, "Phone", "E-mail"],
        ["Ana", "0812", "a@example.com"],
        [None, "0813", "b@example.com"],
    ]
    merged = '<mergeCells><mergeCell ref="A1:A2"/><mergeCell ref="B1:C1"/><mergeCell ref="A3:A4"/></mergeCells>'
    table, cells = cells_of(saved(tmp_path, books.xlsx(rows, after=merged)), Choices(header_row=2))
    assert table.headers == ("Name", "Phone", "E-mail")
    assert cells == [["Ana", "0812", "a@example.com"], ["", "0813", "b@example.com"]]


def test_ods_is_read(tmp_path: Path) -> None:
    table, cells = cells_of(saved(tmp_path, books.ods([["Nama", "No HP"], ["Ana", "0812"]]), "a.ods"))
    assert (table.kind, cells) == ("ods", [["Ana", "0812"]])


HARMLESS = "Name"
TOO_MUCH, DAMAGED, BOMB = (
    sentence.english() for sentence in (sentences.TOO_COMPLEX, sentences.UNREADABLE, sentences.ZIP_BOMB)
)
BOMBS = {
    "1.4 KB that ask for 512 GB": (books.far_corner, {TOO_MUCH}),
    "a billion laughs": (books.laughs, {HARMLESS, DAMAGED, TOO_MUCH}),
    "four billion strings": (books.many_strings, {HARMLESS, DAMAGED, TOO_MUCH}),
    "150 MB of white space": (books.white_space, {BOMB}),
}


def told(path: Path) -> str:
    """Return the headers, or why the file is refused."""
    try:
        with open_table(path) as table:
            return ",".join(table.headers)
    except Refused as refused:
        return str(refused)


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_a_sentence_or_a_list(name: str, tmp_path: Path) -> None:
    made, sentence = BOMBS[name]
    path = saved(tmp_path, made())
    began = time.monotonic()
    assert told(path) in sentence
    assert time.monotonic() - began < spreadsheet.TIMEOUT_SECONDS


@pytest.mark.parametrize("made", [books.far_corner, books.many_strings])
def test_the_child_stays_below_400_megabytes(made: object, tmp_path: Path) -> None:
    path = saved(tmp_path, made())  # type: ignore[operator]
    child = [sys.executable, "-P", str(spreadsheet.READ_PROCESS), str(path), str(tmp_path / "rows")]
    told = subprocess.run([sys.executable, "-c", MEASURE, *child], capture_output=True, check=True).stdout
    assert json.loads(told) < 400


def test_a_sheet_over_a_limit_says_which(tmp_path: Path) -> None:
    wide = [[f"c{n}" for n in range(501)], ["x"] * 501]
    assert refusal(saved(tmp_path, books.xlsx(wide))) == sentences.TOO_MANY_COLUMNS.english()
    long = [["Name", "Note"], ["Ana", "x" * 32_768]]
    assert refusal(saved(tmp_path, books.xlsx(long))) == sentences.TOO_LONG_CELL.english(row=2)
    raw = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 200_100))
    many = books.book([("S", "visible", [])], raw=raw)
    assert refusal(saved(tmp_path, many)) == sentences.TOO_MANY_ROWS.english()


def test_files_with_a_password_are_named(tmp_path: Path) -> None:
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    locked = compound + "EncryptedPackage".encode("utf-16-le") + bytes(100)
    begin = b"\x09\x08\x10\x00\x00\x06\x05\x00" + bytes(12)
    old = compound + "Workbook".encode("utf-16-le") + begin + b"\x2f\x00\x36\x00" + bytes(60)
    for content in (locked, old, books.ods([["a"]], encrypted=True)):
        assert refusal(saved(tmp_path, content)) == sentences.PASSWORD.english()


def test_a_damaged_spreadsheet_is_a_sentence(tmp_path: Path) -> None:
    good = books.xlsx([["Name"], ["Ana"]])
    for content in (
        good[: len(good) // 2],
        good.replace(b"PK\x05\x06", b"PK\x05\x05"),
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le") + bytes(2000),
        books.zipped({"xl/workbook.xml": "<not", "[Content_Types].xml": ""}),
    ):
        assert refusal(saved(tmp_path, content)) == sentences.UNREADABLE.english()


def test_what_the_child_wrote_is_believed_only_as_far_as_it_makes_sense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = '{"sheets": ["S"], "sheet": "S", "hidden": 0, "is_1904": false, "merged": []}'
    for written in (
        "",
        "[]\n",
        f'{about}\n[1, ["Name"]]\n',
        f'{about}\n[1, [1]]\n{{"end": true}}\n',
        f'{about}\n["1", []]\n{{"end": true}}\n',
        f'{about}\n[2, ["a"]]\n[1, ["a"]]\n{{"end": true}}\n',
        "[" * 100_000 + "\n",
    ):
        fake = tmp_path / "fake.py"
        fake.write_text(f"import sys; open(sys.argv[2], 'w').write({written!r}); print('{{}}')")
        monkeypatch.setattr(spreadsheet, "READ_PROCESS", fake)
        assert refusal(saved(tmp_path, books.xlsx([["Name"], ["Ana"]]))) == sentences.UNREADABLE.english()


@pytest.mark.parametrize(
    ("does", "sentence"),
    [
        ("import os; os.abort()", sentences.UNREADABLE),
        ("raise ZeroDivisionError", sentences.UNREADABLE),
        ("import os; os.kill(os.getpid(), 9)", sentences.INTERRUPTED),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", sentences.TOO_COMPLEX),
        ("import time; time.sleep(60)", sentences.TOO_COMPLEX),
    ],
)
def test_every_end_of_the_child_is_a_sentence(
    does: str, sentence: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "fake.py"
    fake.write_text(does)
    monkeypatch.setattr(spreadsheet, "READ_PROCESS", fake)
    monkeypatch.setattr(spreadsheet, "TIMEOUT_SECONDS", 5)
    assert refusal(saved(tmp_path, books.xlsx([["Name"], ["Ana"]]))) == sentence.english()  # type: ignore[attr-defined]


def test_the_child_reaches_no_file_and_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = saved(tmp_path, b"customers", "crm.db")
    text = spreadsheet.READ_PROCESS.read_text().replace("Path(__file__)", f"Path({str(spreadsheet.READ_PROCESS)!r})")
    tries = f"""import socket
            for does in (lambda: open({str(secret)!r}), lambda: socket.socket(), lambda: __import__("os").fork()):
                try:
                    does()
                except OSError:
                    continue
                raise SystemExit(3)
            content = file.read(MAX_BYTES + 1)"""
    assert "content = file.read(MAX_BYTES + 1)" in text
    fake = tmp_path / "fake.py"
    fake.write_text(
        text.replace("content = file.read(MAX_BYTES + 1)", tries).replace("import re\n", "import re\nimport socket\n")
    )
    monkeypatch.setattr(spreadsheet, "READ_PROCESS", fake)
    assert cells_of(saved(tmp_path, books.xlsx([["Name"], ["Ana"]])))[1] == [["Ana"]]
