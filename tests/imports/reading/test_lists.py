"""Text becomes rows: the delimiter, the header, and what is wrong with a list."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import pytest

from crm.imports.reading import sentences
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Choices, Refused, Table

ROWS = [
    ["Name", "Telepon", "E-mail", "Alamat"],
    ["Budi Santoso", "+62 812-3456-7890", "budi@example.com", "Jalan Merdeka 1, Jakarta; lantai 2"],
    ["Siti Aminah", "0812 9876 5432", "siti@example.com", 'Toko "Maju"\nBlok B'],
    ["Ana", "", "", "Jalan Sudirman | Kav. 3"],
    ["Maria, Rosa", "0813\t1111 2222", "maria@example.com", "12.500,50"],
]
QUOTINGS = {"where needed": csv.QUOTE_MINIMAL, "everywhere": csv.QUOTE_ALL}
DIALECTS = list(itertools.product(",;\t|", QUOTINGS, ("\n", "\r\n"), (False, True)))
"""Delimiter, quoting, line ends, and a title above: 32 of them."""


def saved(tmp_path: Path, text: str | bytes, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read(path: Path, choices: Choices | None = None, locale: str = "en_GB") -> tuple[Table, list[list[str]]]:
    with open_table(path, choices, locale=locale) as table:
        return table, [row.cells for row in table.rows()]


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as refused, open_table(path):
        pass
    return str(refused.value)


@pytest.mark.parametrize(("delimiter", "quoting", "end", "title"), DIALECTS)
def test_every_dialect_is_read(delimiter: str, quoting: str, end: str, title: bool, tmp_path: Path) -> None:
    out = io.StringIO()
    if title:
        out.write(f"Customers of our shop{end}{end}")
    csv.writer(out, delimiter=delimiter, quoting=QUOTINGS[quoting], lineterminator=end).writerows(ROWS)
    table, cells = read(saved(tmp_path, out.getvalue()))
    assert table.headers == tuple(ROWS[0])
    assert cells == ROWS[1:]
    assert table.choices.delimiter == delimiter
    assert table.skipped == (("Customers of our shop",) if title else ())


def test_the_first_line_may_say_the_delimiter(tmp_path: Path) -> None:
    table, cells = read(saved(tmp_path, "sep=^\nName^Phone\nAna^0812, 0813\n"))
    assert (table.headers, cells) == (("Name", "Phone"), [["Ana", "0812, 0813"]])
    assert [row.number for row in table.sample] == [3]


def test_a_backslash_may_stand_before_a_quotation_mark(tmp_path: Path) -> None:
    text = 'Name,Note\nAna,"said \\"hello, all\\" twice"\nBudi,"C:\\\\x"\n'
    assert read(saved(tmp_path, text))[1] == [["Ana", 'said "hello, all" twice'], ["Budi", "C:\\x"]]
    assert read(saved(tmp_path, 'Name,Note\nAna,"C:\\x"\n'))[1] == [["Ana", "C:\\x"]]


def test_the_decimal_comma_breaks_a_tie(tmp_path: Path) -> None:
    text = "Name;Sum,x\nAna;1,5\nBudi;2,5\n"
    assert read(saved(tmp_path, text), locale="de_DE")[0].choices.delimiter == ";"
    assert read(saved(tmp_path, text), locale="en_GB")[0].choices.delimiter == ","


def test_a_chosen_delimiter_and_header_are_taken(tmp_path: Path) -> None:
    path = saved(tmp_path, "a;b\nName,Phone\nAna,0812\n")
    table, cells = read(path, Choices(delimiter=","))
    assert (table.header_row, cells) == (2, [["Ana", "0812"]])
    table, cells = read(path, Choices(delimiter=",", header_row=0))
    assert (table.headers, len(cells)) == (("", ""), 3)
    again = read(path, table.choices)
    assert (again[0].headers, again[1]) == (table.headers, cells)


def test_a_list_without_a_header_has_none(tmp_path: Path) -> None:
    table, cells = read(saved(tmp_path, "Ana,0812 3456 7890,ana@example.com\nBudi,0812 3456 7891,b@example.com\n"))
    assert (table.header_row, table.headers) == (0, ("", "", ""))
    assert len(cells) == 2


def test_a_quotation_mark_that_is_never_closed_is_found_by_its_line(tmp_path: Path) -> None:
    rows = "".join(f"Name {n},0812 3456 78{n:02}\n" for n in range(60))
    many = f'Name,Phone\nAna,0812\nBudi,"0813\n{rows}'
    assert refusal(saved(tmp_path, many)) == sentences.NEVER_CLOSED.english(line=3)
    long = 'Name,Phone\nAna,"' + "x" * 40_000 + "\n"
    assert refusal(saved(tmp_path, long)) == sentences.NEVER_CLOSED.english(line=2)
    for end in ("", "\n", "\nCici,0814\n"):
        assert refusal(saved(tmp_path, f'Name,Phone\nAna,0812\n"Budi,0813{end}')) == sentences.NEVER_CLOSED.english(
            line=3
        )
    address = "\n".join(f"line {n}" for n in range(19))
    assert read(saved(tmp_path, f'Name,Address\nAna,"{address}"\n'))[1] == [["Ana", address]]


def test_a_cell_that_is_too_long_is_named_by_its_row(tmp_path: Path) -> None:
    for cell in ("9" * 40_000, '"' + "9" * 40_000 + '"'):
        refused = refusal(saved(tmp_path, f"Name,Phone\nAna,0812\nBudi,{cell}\n"))
        assert refused == sentences.TOO_LONG_CELL.english(row=3)


def test_empty_bytes_are_left_out_and_said(tmp_path: Path) -> None:
    table, cells = read(saved(tmp_path, b"Name,Phone\nA\0na,08\0" + b"12\n" + b"Budi,0813\n" * 40))
    assert cells[0] == ["Ana", "0812"]
    assert table.notices == (sentences.NUL_BYTES.english(),)


def test_rows_of_another_width(tmp_path: Path) -> None:
    with open_table(saved(tmp_path, "Name,Phone,City\nAna\nBudi,0812,Solo,,\nCici,0812,Solo,extra\n\n,,\n")) as table:
        rows = list(table.rows())
    assert [(row.number, row.cells) for row in rows] == [
        (2, ["Ana", "", ""]),
        (3, ["Budi", "0812", "Solo"]),
        (4, ["Cici", "0812", "Solo"]),
    ]
    assert [list(row.more) for row in rows] == [[], [], ["extra"]]
    assert [row.problem for row in rows] == ["", "", sentences.TOO_MANY_CELLS.english()]


def test_limits_are_sentences(tmp_path: Path) -> None:
    wide = ",".join(["a"] * 501)
    assert refusal(saved(tmp_path, f"{wide}\n{wide}\n")) == sentences.TOO_MANY_COLUMNS.english()
    assert refusal(saved(tmp_path, "Name\n" + "Ana\n" * 200_001)) == sentences.TOO_MANY_ROWS.english()
    path = saved(tmp_path, "Name\n")
    with path.open("r+b") as file:
        file.truncate(50 * 1024 * 1024 + 1)
    assert refusal(path) == sentences.TOO_BIG.english()


def test_two_hundred_thousand_rows_are_read_in_little_memory(tmp_path: Path) -> None:
    path = saved(tmp_path, "Name,Phone\n" + "Budi Santoso,0812 3456 7890\n" * 200_000)
    with open_table(path) as table:
        assert (table.count, sum(1 for _ in table.rows())) == (200_000, 200_000)
        assert len(table.sample) == 200


EMPTY = sentences.EMPTY.english()
FILES = {
    "nothing": (b"", EMPTY),
    "white space": (b" \n\n\t ", EMPTY),
    "empty cells": (b",,,\n,,\n", EMPTY),
    "a byte order mark": (b"\xef\xbb\xbf", EMPTY),
    "only a header": (b"Name,Phone\n", sentences.NO_ROWS.english()),
    "a PDF": (b"%PDF-1.7 ...", sentences.PDF.english()),
    "a web page": (b"\xef\xbb\xbf\n <HTML><table><tr><td>Name</td></tr></table>", sentences.HTML.english()),
    "a table of a web page": (b"<table border=1><tr><td>Name</td></tr></table>", sentences.HTML.english()),
    "a web page as Excel writes it": (
        b'<?xml version="1.0"?><html xmlns:x="urn:schemas-microsoft-com:office:excel">',
        sentences.HTML.english(),
    ),
    "XML": (b'<?xml version="1.0"?><Workbook>', sentences.XML.english()),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), sentences.PICTURE.english()),
    "an archive": (b"\x1f\x8b\x08" + bytes(100), sentences.ARCHIVE.english()),
    "a program": (b"\x7fELF" + bytes(9000), sentences.NOT_TEXT.english()),
    "noise": (bytes(range(1, 256)) * 40, sentences.NOT_TEXT.english()),
    "zeros": (bytes(9000), sentences.NOT_TEXT.english()),
    "a list in JSON": (b'[{"name": "Ana"}]', sentences.JSON.english()),
    "one object over many lines": (b'{\n  "customers": [\n', sentences.JSON.english()),
    "rich text": (b"{\\rtf1\\ansi Name}", sentences.WORD.english()),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("ending", ["customers.csv", "customers.xls"])
def test_a_file_is_what_is_in_it_whatever_its_name_says(name: str, ending: str, tmp_path: Path) -> None:
    content, sentence = FILES[name]
    assert refusal(saved(tmp_path, content, ending)) == sentence


def test_a_list_may_have_any_name(tmp_path: Path) -> None:
    assert read(saved(tmp_path, "Name\tPhone\nAna\t0812\n", "customers.xls"))[1] == [["Ana", "0812"]]


def test_our_own_lines_of_json_are_read(tmp_path: Path) -> None:
    text = (
        '{"id": 7, "name": "Ana", "phones": ["+62812", "+62813"], "email": null, "is_active": true}\n'
        "\n"
        '{"name": "Budi\\ud800\\u0000", "city": {"a": 1}}\n'
        "not an object\n"
        "[1, 2]\n"
    )
    with open_table(saved(tmp_path, text)) as table:
        rows = list(table.rows())
    assert (table.kind, table.headers) == ("ndjson", ("id", "name", "phones", "email", "is_active", "city"))
    assert rows[0] == (1, ["7", "Ana", "+62812\n+62813", "", "TRUE", ""], "", ())
    assert rows[1] == (3, ["", "Budi?", "", "", "", '{"a": 1}'], "", ())
    assert [row.problem for row in rows[2:]] == [sentences.NO_OBJECT.english()] * 2
