from __future__ import annotations

import pytest

from crm.people.initials import initials


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Siti Rahma", "SR"),
        ("siti", "S"),
        ("Maria da Silva Costa", "MC"),
        ("“Budi” (toko)", "BT"),
        ("7-Eleven Dago", "ED"),
        ("Room 12 399", "R"),
        ("24", "2"),
        ("田中太郎", "田"),
        ("محمد علی", "م"),
        ("नीता शर्मा", "नी"),
        ("Élodie Ångström", "ÉÅ"),
        ("😀 ?", ""),
    ],
)
def test_two_letters_stand_for_a_person_one_without_capitals(name: str, shown: str) -> None:
    assert initials(name) == shown
