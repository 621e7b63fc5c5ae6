"""Whether two names may be one person's."""

from __future__ import annotations

import pytest

from crm.customers.names import names_agree


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Siti Rahma", "siti  RAHMA "),
        ("Siti Rahma", "Sitti Rahmah"),
        ("Muhammad Yusuf Malik", "Moh. Yousuf Malik"),
        ("Muhammad Yusuf Malik", "Muhmmad Yusuf Malik"),
        ("Suharto Wijaya", "Soeharto Widjaja"),
        ("Taufik Hidayat", "Topik Hidajat"),
        ("Ibu Dewi Lestari", "Dewi Lestari"),
        ("Lestari, Dewi", "Dewi Lestari"),
        ("Lestari Dewi", "Dewi Lestari"),
        ("Dewi L.", "Dewi Lestari"),
        ("D. Lestari", "Dewi Lestari"),
        ("Dewi", "Dewi Lestari"),
        ("Bambang Santoso", "Bamabng Santosa"),
        ("Usman Ch.", "Uthman Chaudhry"),
        ("José García", "Jose Garcia"),
        ("", "Dewi Lestari"),
        ("王伟", "王伟"),
    ],
)
def test_one_person_in_two_spellings(one: str, other: str) -> None:
    assert names_agree(one, other)
    assert names_agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Muhammad Ali Khan", "Muhammad Bilal Khan"),
        ("Siti Rahma", "Siti Aminah"),
        ("Budi Santoso", "Dewi Santoso"),
        ("Rabia Khan", "Rania Khan"),
        ("Rina Wijaya", "Rini Wijaya"),
        ("Rahma Lubis", "Rahmi Lubis"),
        ("Ali Khan", "Asif Khan"),
        ("Khan", "Ali Khan"),
        ("Dewi Lestari", "Dewi Nasution"),
        ("Budi", "Sari"),
        ("王伟", "李娜"),
    ],
)
def test_two_people_who_may_share_a_phone(one: str, other: str) -> None:
    assert not names_agree(one, other)
    assert not names_agree(other, one)
