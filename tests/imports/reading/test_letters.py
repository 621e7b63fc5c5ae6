"""The encoding of a list is found by its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel import Locale

from crm.imports.reading import encodings, sentences
from crm.imports.reading.files import open_table
from crm.imports.reading.tables import Choices, Refused
from tests.imports.reading.letters import CASES, ENCODINGS, LISTS


@pytest.mark.parametrize(("language", "encoding"), CASES)
def test_every_list_is_read_in_every_encoding(language: str, encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(LISTS[language].encode(encoding))
    found = encodings.find(path)
    assert "".join(encodings.decoded(path, found.encoding)).lstrip("\ufeff") == LISTS[language]


CITIES = "\n".join(LISTS["ru"].splitlines()[:2])


def test_few_letters_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    for text, encoding in (
        ("Name,Phone\nJosé,0812\n", "cp1252"),
        ("Name;Ort\nMüller;Köln\n", "cp1252"),
        ("Name;Ort\nMüller;Köln\n", "cp850"),
        ("Jméno;Město\nDvořák;Plzeň\n", "cp1250"),
        (CITIES, "cp1251"),
        (CITIES, "cp866"),
        ("الاسم,المدينة\nمحمد,القاهرة\n", "cp1256"),
        ("氏名,住所\n山田太郎,東京都\n", "cp932"),
        ("姓名,城市\n王伟,北京\n", "gb18030"),
    ):
        path.write_bytes(text.encode(encoding))
        found = encodings.find(path)
        assert "".join(encodings.decoded(path, found.encoding)) == text, (text, encoding, found)


def test_the_choice_is_offered_and_taken(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("Name;Ort\nMüller;Köln\n".encode("cp1252"))
    with open_table(path) as table:
        assert table.choices.encoding == "cp1252"
        assert table.encodings[0] == "cp1252"
        assert "cp1251" in table.encodings
        assert [row.cells for row in table.odd] == [["Müller", "Köln"]]
    with open_table(path, Choices(encoding="cp1251")) as table:
        assert [row.cells for row in table.rows()] == [["Mьller", "Kцln"]]
    for unknown in ("klingon", "rot13", "zlib_codec"):
        with pytest.raises(Refused), open_table(path, Choices(encoding=unknown)):
            pass


def test_plain_letters_ask_nothing(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(b"Name,Phone\nAna,0812\n")
    with open_table(path) as table:
        assert (table.encodings, table.odd, table.mend_offer) == ((), (), None)


def test_a_slip_in_utf_8_is_said(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(("Name\n" + "José\n" * 30).encode() + b"M\xfcller\n")
    with open_table(path) as table:
        assert table.choices.encoding == "utf-8"
        assert sentences.CUT_LETTERS.english() in table.notices
        assert [row.cells[0] for row in table.rows()][-1] == "M\ufffdller"


def test_letters_that_were_read_twice_can_be_mended(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    text = "Name,Ort\nJosé Núñez,Köln\nAnaïs,Århus\n"
    path.write_bytes(text.encode().decode("cp1252", "replace").encode())
    with open_table(path) as table:
        assert table.mend_offer == ("JosÃ©", "José")
    with open_table(path, Choices(mend=True)) as table:
        assert next(table.rows()).cells == ["José Núñez", "Köln"]
        assert table.mend_offer is None
    path.write_text(text, encoding="utf-8")
    with open_table(path) as table:
        assert table.mend_offer is None


def test_places_of_the_world_are_read_in_nearly_every_encoding(tmp_path: Path) -> None:
    """Try words that nobody chose for this: names of countries, a dozen of them with few letters beyond ASCII."""
    path, tried, right = tmp_path / "list.csv", 0, 0
    for language, own in ENCODINGS.items():
        names = [str(name) for name in Locale.parse(language.replace("-", "_")).territories.values()]
        for encoding in own:
            known = [name for name in names if name.encode(encoding, "replace").decode(encoding) == name]
            for begin in range(0, 240, 60):
                text = "".join(f"{name},0812\n" for name in known[begin : begin + 12])
                if text and not text.isascii():
                    path.write_bytes(text.encode(encoding))
                    found = encodings.find(path, language=language.partition("-")[0])
                    tried += 1
                    right += "".join(encodings.decoded(path, found.encoding)) == text
    assert tried > 200
    assert right >= 0.95 * tried, (right, tried)
