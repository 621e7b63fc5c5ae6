"""ZIPs of lists, as Mailchimp exports them, and ZIPs that are none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from crm.imports.mapping import recognise
from crm.imports.reading import sentences
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Choices, Refused
from tests.imports.reading.books import zipped

HEADERS = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,"
    "GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)


def member(address: str) -> str:
    return f'{address},Ana,Núñez,2,,,,,,,,,,ID,JK,,1,2,,"""VIP"",""Blog"""\n'


def saved(tmp_path: Path, files: dict[str, str | bytes]) -> Path:
    path = tmp_path / "list.zip"
    path.write_bytes(zipped(files))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as refused, open_table(path):
        pass
    return str(refused.value)


def test_an_audience_of_mailchimp_is_one_table_with_the_state_of_each(tmp_path: Path) -> None:
    path = saved(
        tmp_path,
        {
            "subscribed_export_1a2b.csv": f"{HEADERS}\n{member('a@example.com')}{member('b@example.com')}",
            "unsubscribed_export_1a2b.csv": f"{HEADERS},UNSUB_TIME\n{member('c@example.com').strip()},2026\n",
            "cleaned_export_1a2b.csv": f"{HEADERS}\n{member('d@example.com')}",
            "__MACOSX/._cleaned.csv": b"\0\1\2",
            "read me.pdf": b"%PDF-",
        },
    )
    with open_table(path) as table:
        rows = list(table.rows())
        found = recognise(table.headers, table.sample)
        assert (table.kind, table.count, found.profile) == ("zip", 4, "mailchimp")
        state = next(place for place, field in found.columns.items() if field == "marketing_email")
        assert [(row.number, row.cells[0], row.cells[state]) for row in rows] == [
            (2, "a@example.com", "subscribed"),
            (3, "b@example.com", "subscribed"),
            (5, "c@example.com", "unsubscribed"),
            (7, "d@example.com", "cleaned"),
        ]
        assert len({row.number for row in rows}) == 4
        chosen = table.sheets[1]
    with open_table(path, Choices(sheet=chosen)) as table:
        assert [row.cells[0] for row in table.rows()] == ["c@example.com"]


def test_zips_without_a_list_are_named(tmp_path: Path) -> None:
    for files, sentence in (
        ({"a.pdf": b"%PDF"}, sentences.ZIP_WITHOUT_LISTS),
        ({"word/document.xml": "<w/>"}, sentences.WORD),
        ({"Index/Document.iwa": "x"}, sentences.NUMBERS),
        ({"a.csv": ""}, sentences.ZIP_WITHOUT_LISTS),
        ({}, sentences.EMPTY),
    ):
        assert refusal(saved(tmp_path, files)) == sentence.english()


def test_zips_that_become_too_large_are_refused(tmp_path: Path) -> None:
    spaces = b"Name\n" + b" " * (30 << 20)
    for files in (
        {"a.csv": spaces},
        {f"{n}.csv": "Name\nAna\n" for n in range(2_001)},
    ):
        assert refusal(saved(tmp_path, files)) == sentences.ZIP_BOMB.english()


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, {"a.csv": b"Name\n" + b"Ana\n" * 200_000})
    content = path.read_bytes()
    small, real = (10).to_bytes(4, "little"), (5 + 4 * 200_000).to_bytes(4, "little")
    assert content.count(real) == 2
    path.write_bytes(content.replace(real, small))
    assert refusal(path) == sentences.UNREADABLE.english()


def test_a_zip_with_a_password_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path, {"a.csv": "Name\nAna\n"})
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].flag_bits & 1
    assert refusal(path) == sentences.PASSWORD.english()


def test_a_list_in_a_zip_that_is_refused_says_why(tmp_path: Path) -> None:
    assert refusal(saved(tmp_path, {"a.csv": "Name,Phone\n"})) == sentences.NO_ROWS.english()
