# ruff: noqa: RUF001  The letters that look like others are what is tested.
import contextlib

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from crm.people.contact_fields import ContactFields
from crm.people.identity import EmailError, is_placeholder, normalize_email, normalize_passport
from crm.people.matching import Kind


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("siti@example.test", "siti@example.test"),
        ("  Siti.Rahma+shop@Example.COM ", "siti.rahma+shop@example.com"),
        ("siti@example.test\x00\u200b", "siti@example.test"),
        ("ｓｉｔｉ＠ｅｘａｍｐｌｅ．ｃｏｍ", "siti@example.com"),
        ("jörg@MÜLLER.de", "jörg@müller.de"),
        ("jo\u0308rg@xn--mller-kva.de", "jörg@müller.de"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("", None),
        (" \u200b ", None),
    ],
)
def test_an_email_is_stored_in_one_form(typed, stored):
    assert normalize_email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        *("siti", "siti@", "@example.com", "siti@test", "siti@localhost", "siti@example", "a b@example.com"),
        *("a@b@example.com", "a@example..com", ".a@example.com", "a@-example.com", "a@shop.local", "a@[127.0.0.1]"),
        *('"a b"@example.com', "Siti <siti@example.com>", "a@example.com, b@example.com", "<b>@example.com"),
        *("a@" + "x" * 250 + ".com", "x" * 5000),
    ],
)
def test_what_is_no_email_is_refused_with_a_sentence(typed):
    with pytest.raises(EmailError, match=r"^Enter an e-mail address like name@example\.com\.$"):
        normalize_email(typed)


@pytest.mark.parametrize(
    ("typed", "region", "key"),
    [
        ("0812 3456 7890", "ID", "+6281234567890"),
        ("0062 81234567890", "PK", "+6281234567890"),
        ("0812", "ID", None),
        ("2222222222", "US", None),
        ("", "ID", None),
    ],
)
def test_only_a_valid_number_identifies(typed, region, key):
    assert ContactFields.read({"phone": typed}, region).known().keys.get(Kind.PHONE) == key


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" b 1234-567 ", "B1234567"), ("Ｂ１２３", "B123"), ("b١٢٣", "B123"), ("-", ""), ("", ""), ("a\x00b/9", "AB9")],
)
def test_a_passport_number_is_letters_and_digits(typed, stored):
    assert normalize_passport(typed) == stored


PLACEHOLDERS = [
    *("", " ", "-", "--", ".", "n/a", "N/A", "na", "None", "NIL", "unknown", "Test", "0", "0000000000", "999 999 999"),
    *("000-000", "١١١١", "test@test.com", "TEST@Test.com", "noemail@shop.test", "none@example.com", "\u200b"),
]
KEYS = ["081234567890", "B1234567", "A1111111", "siti@example.test", "test@example.com", "mynone@example.com", "nana"]


@pytest.mark.parametrize(("value", "answer"), [*((v, True) for v in PLACEHOLDERS), *((v, False) for v in KEYS)])
def test_placeholders_identify_nobody(value, answer):
    assert is_placeholder(value) is answer


LABELS = (
    *("mail", "x-y", "a--b", "xn--a", "-a", "a-", "a_b", "1a", "example", "com", "id", "c", "museum", "test", "local"),
    *("localhost", "invalid", "onion", "arpa", "internal"),
)


@given(
    st.text("aZ09._-+'", min_size=1, max_size=9),
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_plain_address_is_read_as_the_validator_reads_it(local, labels, spaced):
    address = f"{local}@{'.'.join(labels)}"
    try:
        wanted = validate_email(address, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        wanted = None
    read = None
    with contextlib.suppress(EmailError):
        read = normalize_email(f" {address.upper()}\t" if spaced else address)
    assert read == (wanted if len(labels) > 1 else None)


@given(st.text(max_size=40) | st.emails())
def test_normalizing_twice_changes_nothing(typed):
    with contextlib.suppress(EmailError):
        stored = normalize_email(typed)
        assert stored is None or normalize_email(stored) == stored
    assert normalize_passport(normalize_passport(typed)) == normalize_passport(typed)
