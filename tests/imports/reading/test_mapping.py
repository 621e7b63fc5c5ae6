"""Columns become fields: by the program that wrote the file, by words in many languages, by what is in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm.imports.fields import FIELDS
from crm.imports.mapping import CONFIDENT, Recognised, columns_of, problems, recognise, signature
from crm.imports.reading.tables import Row

HERE = Path(__file__).parent
PROGRAMS = {
    lines[0]: (lines[1].split(","), set(lines[2].split()))
    for lines in map(str.splitlines, (HERE / "programs.txt").read_text(encoding="utf-8").split("== ")[1:])
}
"""The headers that programs write, and fields that have to be among theirs."""
WORDS = (HERE / "words.txt").read_text(encoding="utf-8").splitlines()
GOOGLE, OUTLOOK = PROGRAMS["google"][0], PROGRAMS["outlook"][0]


def fields(found: Recognised, headers: list[str]) -> dict[str, str]:
    return {headers[place]: field for place, field in found.columns.items()}


@pytest.mark.parametrize("program", PROGRAMS)
def test_files_of_known_programs_are_recognised(program: str) -> None:
    headers, expected = PROGRAMS[program]
    found = recognise(headers, [])
    assert (found.profile, found.confidence) == (program.partition(",")[0], 1.0)
    assert expected <= set(found.columns.values()) <= set(FIELDS)
    assert set(found.left_out) == {
        header for place, header in enumerate(headers) if header and place not in found.columns
    }
    assert not problems(found.columns, headers)


def test_labels_of_values_are_no_values() -> None:
    found = fields(recognise(GOOGLE, []), GOOGLE)
    assert found["Phone 2 - Value"] == "phone"
    assert "Phone 1 - Label" not in found
    assert "Phonetic First Name" not in found
    found = fields(recognise(OUTLOOK, []), OUTLOOK)
    assert not {"Home Fax", "Pager", "Assistant's Phone", "Manager's Name"} & found.keys()


def test_where_a_meeting_is_is_no_branch() -> None:
    """Outlook and Google write a `Location`, also where only some of their columns were kept."""
    for headers in (OUTLOOK, ["First Name", "Last Name", "E-mail Address", "Mobile Phone", "Location"]):
        found = fields(recognise(headers, []), headers)
        assert "Location" not in found
        assert "Office Location" not in found
        assert found["E-mail Address"] == "email"


def test_the_number_of_another_program_is_not_ours() -> None:
    for headers in (["ID", "Name", "City"], ["id", "name", "company"], ["id", "name", "tags"], ["Id", "name"]):
        assert "id" not in recognise(headers, []).columns.values(), headers
    for headers in (["id", "name"], ["name", "phone", "id"], ["id", "email", "sms_allowed"]):
        found = recognise(headers, [])
        assert (found.profile, found.columns[headers.index("id")]) == ("own", "id")


@pytest.mark.parametrize("line", WORDS, ids=lambda line: line[:2])
def test_words_of_many_languages_are_known(line: str) -> None:
    pairs, rest = [], line.partition(": ")[2]
    for part in rest.split("="):
        pairs.append(part)
    headers, expected = [pairs[0]], []
    for part in pairs[1:-1]:
        field, _, header = part.partition(" ")
        expected.append(field)
        headers.append(header)
    expected.append(pairs[-1])
    found = recognise(headers, [])
    assert [found.columns.get(place, "") for place in range(len(headers))] == expected
    assert found.confidence >= CONFIDENT


def test_a_name_beside_a_first_name_is_the_last_name_and_alone_it_is_all() -> None:
    for headers, expected in (
        (["Name", "Vorname", "Telefon"], ["last_name", "first_name", "phone"]),
        (["Nombre", "Teléfono"], ["name", "phone"]),
        (["Nom", "Tél"], ["name", "phone"]),
        (["Name", "Phone 1", "Phone 2"], ["name", "phone", "phone"]),
        (["customerName", "PHONE_NUMBER", "e_mail"], ["name", "phone", "email"]),
    ):
        assert list(recognise(headers, []).columns.values()) == expected, headers


def sample(*rows: list[str]) -> list[Row]:
    return [Row(number, row) for number, row in enumerate(rows, 2)]


def test_columns_without_words_are_known_by_what_is_in_them() -> None:
    rows = sample(
        ["7", "Budi Santoso", "0812 3456 7890", "budi@example.com"],
        ["8", "Siti Aminah", "0812 3456 7891", ""],
        ["9", "Ana", "0813 3456 7892", "ana@example.com"],
    )
    found = recognise(["", "", "", ""], rows, region="ID")
    assert (found.profile, found.columns) == ("content", {1: "name", 2: "phone", 3: "email"})
    assert found.confidence < CONFIDENT
    found = recognise(
        ["Nr", "Contact", "Name", "WA"], sample(["1", "0812 3456 7890", "Budi", "b@example.com"]), region="ID"
    )
    assert found.columns == {1: "phone", 2: "name", 3: "email"}


def test_what_was_chosen_for_the_same_headers_is_chosen_again() -> None:
    headers = ["Kolom A", "Kolom B"]
    last = columns_of({"0": "name", "1": "phone", "x": "name", "5": "no such field"})
    assert last == {0: "name", 1: "phone"}
    found = recognise(headers, [], last=last)
    assert (found.profile, found.columns, found.confidence) == ("last", last, 1.0)
    assert signature(headers) == signature(["kolom a ", "KOLOM B"]) != signature(["Kolom B", "Kolom A"])


def test_nothing_known_is_said() -> None:
    headers = ["Year", "2000", "2001"]
    found = recognise(headers, sample(["1", "2,666", "2,274"]), region="ID")
    assert (found.profile, found.columns, found.confidence, found.left_out) == ("", {}, 0.0, tuple(headers))
    assert len(problems(found.columns, headers)) == 1
    assert len(problems({0: "id", 1: "id", 2: "name"}, headers)) == 1
