"""Contact cards of phones and mail programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm.imports.mapping import recognise
from crm.imports.reading import sentences, vcard
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Row

ANDROID = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:N=C3=BA=C3=B1ez;Jos=C3=A9;;;
FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Jos=C3=A9 N=C3=BA=
=C3=B1ez
TEL;HOME:+62 21 555 0100
TEL;CELL;PREF:0812-3456-7890
TEL;WORK;FAX:021 555
EMAIL;PREF:jose@example.com
EMAIL:other@example.com
NOTE;ENCODING=QUOTED-PRINTABLE:first=0D=0Asecond
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD
 CAgICAgQDAgICAgUEBAMEBgUGBgYFBgYG

CATEGORIES:VIP,Friends
END:VCARD
"""
IPHONE = """BEGIN:VCARD
VERSION:3.0
N:Doe;John;Richter,James;Mr.;Sr.
FN:Mr. John Doe
ORG:IBM\\, Inc.;Accounting
item1.EMAIL;type=INTERNET;type=pref:john@example.com
TEL;type=WORK:905-777-1234
TEL;type=CELL;type=VOICE;type=pref:905-555-1234
item3.ADR;type=HOME;type=pref:;;Silicon Alley 5\\nFloor 2;New York;NY;12345;USA
item4.ADR;type=WORK:;;Street 4;Boston;;02101;USA
BDAY;value=date:1604-06-07
NOTE:a long no
 te\\, with a comma
END:VCARD
"""
FOUR = """BEGIN:VCARD
VERSION:4.0
N:Gump;Forrest;;;
TEL;VALUE=uri;TYPE="voice,home":tel:+1-404-555-1212
EMAIL:forrest@example.com
BDAY:19700310
LANG:en
END:VCARD
"""


def cards(tmp_path: Path, text: str | bytes) -> list[Row]:
    path = tmp_path / "contacts"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with open_table(path) as table:
        assert (table.kind, table.headers) == ("vcard", vcard.HEADERS)
        return list(table.rows())


def named(row: Row) -> dict[str, str]:
    return {header: cell for header, cell in zip(vcard.HEADERS, row.cells, strict=True) if cell}


def test_a_card_of_android(tmp_path: Path) -> None:
    (row,) = cards(tmp_path, ANDROID.replace("\n", "\r\n"))
    assert named(row) == {
        "Name": "José Núñez",
        "Phone": "0812-3456-7890\n+62 21 555 0100",
        "E-mail": "jose@example.com\nother@example.com",
        "Notes": "first\nsecond",
        "Tags": "VIP,Friends",
    }


def test_a_card_of_an_iphone(tmp_path: Path) -> None:
    (row,) = cards(tmp_path, IPHONE)
    assert named(row) == {
        "Name": "Mr. John Doe",
        "Phone": "905-555-1234\n905-777-1234",
        "E-mail": "john@example.com",
        "Company": "IBM, Inc., Accounting",
        "Address": "Silicon Alley 5\nFloor 2",
        "City": "New York",
        "Province": "NY",
        "Postal code": "12345",
        "Country": "USA",
        "Birthday": "--06-07",
        "Notes": "Street 4, Boston, 02101, USA\na long note, with a comma",
    }


def test_a_card_of_version_four(tmp_path: Path) -> None:
    (row,) = cards(tmp_path, FOUR)
    assert named(row) == {
        "Name": "Forrest Gump",
        "Phone": "+1-404-555-1212",
        "E-mail": "forrest@example.com",
        "Birthday": "1970-03-10",
        "Language": "en",
    }


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_cards_in_other_encodings(encoding: str, tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nVERSION:3.0\nFN:José Núñez\nADR:;;Avenida Perú 3;Málaga;;;\nEND:VCARD\n"
    (row,) = cards(tmp_path, text.encode(encoding))
    assert row.cells[0] == "José Núñez"


def test_a_card_says_its_own_charset(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=WINDOWS-1251;ENCODING=QUOTED-PRINTABLE:=CC=EE=F1=EA=E2=E0\nEND:VCARD\n"
    assert cards(tmp_path, text)[0].cells[0] == "Москва"
    text = "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=no-such:Ana\nEND:VCARD\n"
    assert cards(tmp_path, text)[0].cells[0] == "Ana"


def test_a_broken_card_is_a_row_and_the_others_stay(tmp_path: Path) -> None:
    text = FOUR + "BEGIN:VCARD\nFN:Cut off\nTEL:0812\n" + IPHONE + "END:VCARD\nno card\n" + ANDROID
    text += "BEGIN:VCARD\nFN:The end is missing"
    rows = cards(tmp_path, text)
    assert [row.cells[0] for row in rows] == [
        "Forrest Gump",
        "Cut off",
        "Mr. John Doe",
        "José Núñez",
        "The end is missing",
    ]
    broken = sentences.BROKEN_CARD.english()
    assert [row.problem for row in rows] == ["", broken, "", "", broken]
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]


def test_lines_that_are_nothing_are_passed_over(tmp_path: Path) -> None:
    text = 'begin:vcard\nTEL\n:::\nTEL;ENCODING=BASE64:%%%\nFN;X="a:b":Ana\nEMAIL;;;;:\nN:\nEND:VCARD\n'
    (row,) = cards(tmp_path, text)
    assert (row.cells[0], row.problem) == ("Ana", "")


def test_a_card_within_a_card_is_not_another_person(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:Ana\nAGENT:\nBEGIN:VCARD\nFN:Her Agent\nTEL:0899\nEND:VCARD\nTEL:0812\nEND:VCARD\n"
    (row,) = cards(tmp_path, text)
    assert named(row) == {"Name": "Ana", "Phone": "0812"}


def test_pictures_take_no_memory(tmp_path: Path) -> None:
    picture = "PHOTO;ENCODING=b;TYPE=JPEG:" + "\n ".join(["A" * 74] * 200_000)
    note = "NOTE:" + "\n ".join(["n" * 74] * 2_000)
    rows = cards(tmp_path, f"BEGIN:VCARD\nFN:Ana\n{picture}\nEND:VCARD\nBEGIN:VCARD\nFN:Budi\n{note}\nEND:VCARD\n")
    assert [row.cells[0] for row in rows] == ["Ana", "Budi"]
    assert [bool(row.problem) for row in rows] == [False, True]


def test_the_columns_of_cards_are_known(tmp_path: Path) -> None:
    (row,) = cards(tmp_path, FOUR)
    found = recognise(vcard.HEADERS, [row], kind="vcard")
    assert (found.profile, found.confidence, found.left_out) == ("vcard", 1.0, ())
    assert tuple(found.columns.values()) == vcard.FIELDS
