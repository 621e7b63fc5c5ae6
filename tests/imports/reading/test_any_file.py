"""Whatever is in a file, it becomes a table or a sentence."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from crm.imports.cleaning import Cleaner, Context, study
from crm.imports.fields import FIELDS
from crm.imports.mapping import recognise
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Refused
from tests.imports.reading.books import zipped
from tests.imports.reading.letters import LISTS
from tests.imports.reading.test_cards import ANDROID, FOUR, IPHONE

FILES = 400
SOURCES = (
    LISTS["de"].encode("cp1252"),
    LISTS["ru"].encode("koi8_r"),
    LISTS["ja"].encode("cp932"),
    LISTS["ar"].encode("utf-16"),
    LISTS["fr"].encode(),
    (ANDROID + IPHONE + FOUR).encode(),
    b'{"name": "Ana", "phones": ["1"]}\n{"name": "Budi"}\n',
    zipped({"a.csv": "Name,Phone\nAna,0812\n", "b.csv": "Name,Email\nBudi,b@example.com\n"}),
)
PIECES = (b'"', b"\0", b"\n", b",", b"\xff", b";", b"\r", b"=", b"BEGIN:VCARD\n", b"\x1b$B", b"\xef\xbb\xbf", b"\\")
CELLS = (
    *("0812", "@", "example.com", " ::: ", "tel:", '="', '"', "6.28E+12", "#N/A", "03/04/1990", "\n", ";", "/", "+62"),
    *("(", "yes", "null", "'", "*", " ", "\u200b", "\u0660", "\u00e9", "x" * 300, "\ud800"),
)


def damaged(content: bytes, by: random.Random) -> bytes:
    """Return a file with some bytes changed, put in, left out or repeated."""
    some = bytearray(content)
    for _ in range(by.choice([1, 2, 5, 20])):
        place, kind = by.randrange(len(some) + 1), by.randrange(4)
        if kind == 0 and some:
            some[place % len(some)] = by.randrange(256)
        elif kind == 1:
            some[place:place] = by.choice(PIECES)
        elif kind == 2:
            del some[place : place + by.randrange(1, 20)]
        else:
            some[place:place] = some[: by.randrange(60)]
    return bytes(some)


@pytest.mark.parametrize("seed", range(4))
def test_any_file_is_a_table_or_a_sentence(seed: int, tmp_path: Path) -> None:
    by, path, read = random.Random(seed), tmp_path / "any", 0
    for _ in range(FILES // 4):
        path.write_bytes(damaged(by.choice(SOURCES), by))
        try:
            with open_table(path) as table:
                rows = list(table.rows())
                assert len(rows) == table.count == len({row.number for row in rows})
                assert {len(row.cells) for row in rows} == {len(table.headers)}
                "".join(cell for row in rows for cell in row.cells).encode()
                columns = recognise(table.headers, table.sample, region="ID", kind=table.kind).columns
                cells = [row.cells for row in rows]
                studied = study(cells, columns, table.headers, region="ID", locale="id_ID", today="2026-11-29")
                cleaner = Cleaner(columns, table.headers, studied.context)
                assert all(cleaner.clean(row.cells).contact for row in rows)
                with open_table(path, table.choices) as again:
                    assert [row.cells for row in again.rows()] == cells
            read += 1
        except Refused:
            continue
    assert read > FILES // 8


def test_any_cells_are_cleaned() -> None:
    by = random.Random(7)
    cleaner = Cleaner(dict(enumerate(FIELDS)), list(FIELDS), Context("ID", "id_ID", "2026-11-29"))
    for _ in range(3_000):
        cleaner.clean(["".join(by.choices(CELLS, k=by.randrange(6))) for _ in FIELDS])
