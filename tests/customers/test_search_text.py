# ruff: noqa: RUF001  The letters that look like others are what is tested.
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.search_text import MAX_TERMS, Term, fts_phrase, like_pattern, search_text, terms

SITI = ("Siti Rahma", "+6281234567890", True, "ID", "siti.r@example.test")
JOSE = ("José O’Brien", "+923001234567", True, "PK", None)
BUDI = ('Budi 100%_\\ "Toko"', "0812 345", False, "ID", "budi@example.test")
TANAKA = ("田中太郎", "", False, "JP", None)
TARO = ("田中 太郎", "", False, "JP", None)
HONG = ("홍 길동", "", False, "KR", None)
KOELN = ("Koeln Mueller OBrien Aage", "", False, "DE", None)
KOLN = ("Köln Müller O'Brien Åge", "", False, "DE", None)
ALI = ("Ali", "+622157901299", True, "ID", None, "ext12", "12", "A1234567", "ali@work.test", "+6281311112222")
LI = ("李明 Nguyễn", "ask Sari", False, "ID", None)


@pytest.fixture(scope="module")
def database():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE found USING fts5(text, tokenize='trigram case_sensitive 1')")
    yield connection
    connection.close()


def test_each_word_stands_after_two_spaces():
    assert search_text(*SITI) == "  siti  rahma  6281234567890  081234567890  siti.r@example.test"
    assert search_text("O'Neil-Li", "", False, "ID", None) == "  o'neil-li  'n  ne  -l  li  oneil-li"
    assert search_text("", "", False, "ID", None) == ""


FINDS = {
    SITI: [
        *("siti", "SITI", "iti", "s", "si", "ra", "rahma siti", "  siti   rahma ", "siti r", "sit rah"),
        *("0812 345", "0812-345", "+62 812-345", "+62812", "62812", "812", "0062 812 345", "0062812345"),
        *("+62 (0)812 345", "(0812) 3456 7890", "0812.3456", "567890", "08", "62", "٠٨١٢", "０８１２", "0812–3456"),
        *("siti 0812", "0812 siti", "siti +62 812 rahma", "siti.r@", "example.test", "SITI.R@EXAMPLE"),
        *("siti - rahma", "siti\x00", "\u202esiti", "+", "-", ""),
    ],
    JOSE: ["josé", "jose", "JOSE\u0301", "o'b", "'", "'b", "b", "br", "O’Brien", "brien", "0300", "92300", "+92 300"],
    BUDI: ["100%", "0%_", "%", "%_", "_", "\\", "_\\", '"', '"to', "toko", "0812345", "0812 345", "+62 812 345"],
    LI: ["李", "李明", "李 明", "明", "nguyen", "Nguyễn", "ask sari"],
    TANAKA: ["田中太郎", "田中 太郎", "太郎", "中太", "郎"],
    TARO: ["田中太郎", "田中 太郎", "太郎", "中太郎"],
    HONG: ["홍길동", "홍 길동", "길동"],
    KOELN: ["köln", "koeln", "Koeln", "mueller", "müller", "obrien", "o'brien", "åge", "aage"],
    KOLN: ["köln", "koeln", "KÖLN", "mueller", "Müller", "o’brien", "obrien", "aage", "Åge"],
    ALI: [
        *("a1234567", "A 1234567", "A1234567", "ali@work.test", "0813 1111 2222", "+6281311112222", "+62 0813 1111"),
        *(
            "tel:+62-21-5790-1299",
            "tel:02157901299",
            "021-5790 1299 ext. 12",
            "021 5790 1299 x12",
            "02157901299;ext=12",
        ),
        *("https://wa.me/622157901299", "wa.me/+622157901299?text=Hi", "api.whatsapp.com/send?phone=622157901299&x=1"),
        *("+62 021 5790", "0062 021 5790"),
    ],
}
MISSES = {
    ALI: ["b1234567", "021 5790 1299 ext 13", "wa.me/622157901298"],
    TANAKA: ["田太", "太中"],
    SITI: ["siit", "iti rahmat", "ti", "ah", "0813", "%", "_", "'", "s_ti", "s%", "siti budi"],
    JOSE: ["\\", '"', "josé maria", "0812"],
}


@pytest.mark.parametrize(("person", "query"), [(person, query) for person in FINDS for query in FINDS[person]])
def test_it_finds_the_person(database, person, query):
    assert _finds(database, person, query) == (True, True)


@pytest.mark.parametrize(("person", "query"), [(person, query) for person in MISSES for query in MISSES[person]])
def test_it_does_not_find_others(database, person, query):
    assert _finds(database, person, query) == (False, False)


def _finds(database, person, query):
    """Say whether LIKE and the trigram index of SQLite find the person by every term."""
    database.execute("DELETE FROM found")
    database.execute("INSERT INTO found (text) VALUES (?)", [search_text(*person)])
    like = "SELECT count(*) FROM found WHERE text LIKE ? ESCAPE '\\'"
    match = "SELECT count(*) FROM found WHERE found MATCH ?"
    return (
        all(database.execute(like, [like_pattern(term)]).fetchone()[0] for term in terms(query)),
        all(database.execute(match, [fts_phrase(term)]).fetchone()[0] for term in terms(query)),
    )


@pytest.mark.parametrize(
    ("query", "needles"),
    [
        ("0812 345", ["0812345"]),
        ("+62 812-345", ["62812345"]),
        ("0062812345", ["62812345"]),
        ("siti 08", ["siti", "  08"]),
        ("+62 812 +92 300", ["62812", "92300"]),
        ("a A a", ["  a"]),
        ("%", ["  %"]),
        ("'", ["  '"]),
        ("siti %", ["siti"]),
        ("+", []),
        ("00", []),
        (" \x00\u200b ", []),
    ],
)
def test_a_query_is_a_few_terms(query, needles):
    assert [term.needle for term in terms(query)] == needles


def test_a_long_query_is_bounded():
    assert len(terms(" ".join(f"word{n}" for n in range(100)))) == MAX_TERMS
    assert max(len(term.needle) for term in terms("x" * 10_000)) == 200


def test_marks_of_the_query_languages_are_escaped():
    assert like_pattern(Term('5%_\\"')) == '%5\\%\\_\\\\"%'
    assert fts_phrase(Term('say "a"')) == '"say ""a"""'


@given(st.text(max_size=60))
def test_a_name_is_found_by_its_words(name):
    text = search_text(name, "", False, "ID", None)
    assert "\x00" not in text
    for term in terms(name):
        assert "\x00" not in term.needle
        assert len(term.needle) >= 3
    for word in name.split()[:MAX_TERMS]:
        if word.isalpha():
            assert all(term.needle in text for term in terms(word))
