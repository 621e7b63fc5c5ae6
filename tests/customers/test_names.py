"""Whether two names may be one person's, by lists of people in `people/`, and which of two names tells more."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.people.names import Likeness, is_better, likeness, names_agree

PEOPLE = Path(__file__).parent / "people"
LISTS = sorted(path.name for path in PEOPLE.glob("*.tsv"))


def pairs(name: str, verdict: str) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a list: each two different people of a line, the spellings of one with the first of them."""
    for line in (PEOPLE / name).read_text("utf-8").splitlines():
        kind, *names = line.split("\t")
        if kind == verdict:
            yield from (
                itertools.combinations(names, 2)
                if kind == "different"
                else zip(itertools.repeat(names[0]), names[1:], strict=False)
            )


@pytest.mark.parametrize("name", LISTS)
def test_different_people_are_never_one(name: str) -> None:
    joined = [pair for pair in pairs(name, "different") if names_agree(*pair) or names_agree(*reversed(pair))]

    assert not joined, f"{len(joined)} different people are one: {joined}"


@pytest.mark.parametrize("name", LISTS)
def test_the_spellings_of_a_name_are_one_persons(name: str) -> None:
    missed = [pair for pair in pairs(name, "same") if not names_agree(*pair) or not names_agree(*reversed(pair))]

    assert not missed, f"{len(missed)} are taken for two people: {missed}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Khan", "Ali Khan"),
        ("Muhammad", "Muhammad Ali"),
        ("Juan dela Cruz", "Juan dela Cruz Jr."),
        ("Rina", "Mama Rina"),
        ("Budi", "Budi & Ani"),
        ("Jean Dupont", "Jean-Pierre Dupont"),
        ("Maria Lopez", "Maria Luisa Lopez"),
        ("Mr Harris", "Harris Ford"),
    ],
)
def test_what_is_not_sure_is_neither_one_nor_two(one: str, other: str) -> None:
    assert likeness(one, other) is likeness(other, one) is Likeness.UNSURE


@pytest.mark.parametrize(
    ("name", "than"),
    [
        ("Dewi Lestari Putri", "Dewi"),
        ("Siti Rachma", "Siti Rahma"),
        ("Nguyễn Văn An", "nguyen van an"),
        ("Dewi Lestari", "DEWI LESTARI"),
        ("Imran Khan", "KHAN/IMRAN MR"),
        ("Dewi Lestari", "Dewi L."),
        ("dr. Hendra Gunawan, Sp.A", "Hendra Gunawan"),
    ],
)
def test_a_name_is_overwritten_by_one_that_says_more(name: str, than: str) -> None:
    assert is_better(name, than)


@pytest.mark.parametrize(
    ("name", "than"),
    [
        ("Dewi", "Dewi Lestari Putri"),
        ("KHAN/IMRAN MR", "Imran Khan"),
        ("Khan, Imran", "Imran Khan"),
        ("nguyen van an", "Nguyễn Văn An"),
        ("NGUYEN VAN AN", "Nguyễn Văn An"),
        ("Nguyen Van An", "Nguyễn Văn An"),
        ("Dewi L.", "Dewi Lestari"),
        ("DEWI LESTARI", "Dewi Lestari"),
        ("Hendra Gunawan", "dr. Hendra Gunawan, Sp.A"),
        ("", "Dewi"),
    ],
)
def test_a_name_is_not_overwritten_by_one_that_says_less(name: str, than: str) -> None:
    assert not is_better(name, than)
