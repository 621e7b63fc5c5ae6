# ruff: noqa: RUF001  The letters that look like others are what is tested.
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values.text import ascii_digits, clean_line, clean_text, fold

ANY_TEXT = st.text(st.characters(codec=None), max_size=40)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Siti Rahma", "Siti Rahma"),
        ("  Siti \t  Rahma\n", "Siti Rahma"),
        ("Siti\u00a0Rahma", "Siti Rahma"),
        ("Siti\x00 Rah\x07ma", "Siti Rahma"),
        ("Jose\u0301", "José"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("\u2068Sari\u2069\u200f", "Sari"),
        ("\ufeffSari\u200b", "Sari"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🍳 Sari", "👩\u200d🍳 Sari"),
        ("\u200d", ""),
        ("\u3164\u2800", ""),
        ("\ud800Sari", "Sari"),
        ("O'Brien %_\\", "O'Brien %_\\"),
        ("", ""),
    ],
)
def test_a_line_is_cleaned_and_keeps_its_letters(typed, kept):
    assert clean_line(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("\n\n  one\n\n  two  \n\n", "one\n\n  two"),
        ("a\tb\x00", "a\tb"),
        ("\u200d\n\u200d", ""),
    ],
)
def test_a_text_keeps_its_lines(typed, kept):
    assert clean_text(typed) == kept


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("José", "jose"),
        ("jose\u0301", "jose"),
        (
            "Łukasz Øster Đorđe Þór Æsir Œuvre Straße ŞIŞLI ışık İzmir",
            "lukasz oster dorde thor aesir oeuvre strasse sisli isik izmir",
        ),
        ("Nguyễn Thị Ánh", "nguyen thi anh"),
        ("O’Brien", "o'brien"),
        ("Anne–Marie", "anne-marie"),
        ("ＡＢＣ１２", "abc12"),
        ("٠٨١٢ ۰۸۱۲", "0812 0812"),
        ("ﬁlé", "file"),
        ("Σίσυφος", "σισυφοσ"),
        ("Ёлка", "елка"),
        ("مُحَمَّد", "محمد"),
        ("علی کریم", "علي كريم"),
        ("ٱلرحمٰن خاں ڪريم", "الرحمن خان كريم"),
        ("محمـد بیگے ئۇيغۇر", "محمد بيگي يويغور"),
        ("葛\U000e0100城 ❤\ufe0f A\u034fB", "葛城 ❤ ab"),
        ("김\u3164민준", "김민준"),
        ("כהן־לוי ד״ר", 'כהן-לוי ד"ר'),
        ("が", "が"),
        ("か\u3099", "が"),
        ("हिन्दी", "हिन्दी"),
        ("한국", "한국"),
        ("Sa\u00adri\u200d", "sari"),
        ("100%_\\'\"", "100%_\\'\""),
    ],
)
def test_folding_keeps_what_people_search_for(written, folded):
    assert fold(written) == folded


def test_digits_of_every_script_become_ascii():
    assert ascii_digits("+٦٢ ８１２ ۳۴५") == "+62 812 345"


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text):
    assert clean_line(clean_line(text)) == clean_line(text)
    assert clean_text(clean_text(text)) == clean_text(text)


@given(ANY_TEXT)
def test_what_is_clean_can_be_stored(text):
    for clean in (clean_line(text), clean_text(text)):
        clean.encode()
        assert "\x00" not in clean
        assert unicodedata.is_normalized("NFC", clean)


@given(ANY_TEXT)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_case_and_form_make_no_difference(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
