# ruff: noqa: RUF001  The letters that look like others are what is tested.
import random

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values import phone
from crm.values.phone import Phone


@pytest.mark.parametrize(
    ("typed", "region", "value"),
    [
        ("081234567890", "ID", "+6281234567890"),
        ("0812-3456-7890", "ID", "+6281234567890"),
        ("'081234567890", "ID", "+6281234567890"),
        ("0812 3456 7890", "ID", "+6281234567890"),
        ("0812.3456.7890", "ID", "+6281234567890"),
        ("+62 812-3456-7890", "ID", "+6281234567890"),
        ("+62 (0)812 3456 7890", "ID", "+6281234567890"),
        ("(+62) 812 3456 7890", "ID", "+6281234567890"),
        ("6281234567890", "ID", "+6281234567890"),
        ("81234567890", "ID", "+6281234567890"),
        ("0062 812 3456 7890", "ID", "+6281234567890"),
        ("(0062) 81234567890", "ID", "+6281234567890"),
        ("+0062 81234567890", "ID", "+6281234567890"),
        ("++62 81234567890", "ID", "+6281234567890"),
        ("006281234567890", "US", "+6281234567890"),
        ("+6281234567890", "PK", "+6281234567890"),
        ("٠٨١٢٣٤٥٦٧٨٩٠", "ID", "+6281234567890"),
        ("۰۸۱۲۳۴۵۶۷۸۹۰", "ID", "+6281234567890"),
        ("＋６２８１２３４５６７８９０", "ID", "+6281234567890"),
        ("0812\u00a03456\u202f7890", "ID", "+6281234567890"),
        ("\u202a+62 812\u20113456\u20117890\u202c", "ID", "+6281234567890"),
        ("0812\u200b3456\u200d7890\ufeff", "ID", "+6281234567890"),
        ("0812–3456–7890", "ID", "+6281234567890"),
        ("\t081234567890\r\n", "ID", "+6281234567890"),
        ("081234567890\x00", "ID", "+6281234567890"),
        ("0812\u22123456\u22127890", "ID", "+6281234567890"),
        ("03\u30fc1234\u30fc5678", "JP", "+81312345678"),
        ("0812\u31643456\u31647890", "ID", "+6281234567890"),
        ("0\ufe0f\u20e38\ufe0f\u20e31\ufe0f\u20e32 3456 7890", "ID", "+6281234567890"),
        ("tel:+62-812-3456-7890", "ID", "+6281234567890"),
        ("WA: 081234567890", "ID", "+6281234567890"),
        ("No. HP 081234567890", "ID", "+6281234567890"),
        ("6281234567890.0", "ID", "+6281234567890"),
        ("6.281234567890E+12", "ID", "+6281234567890"),
        ("(021) 555 1234", "ID", "+62215551234"),
        ("021/5551234", "ID", "+62215551234"),
        ("0300 1234567", "PK", "+923001234567"),
        ("00923001234567", "PK", "+923001234567"),
        ("(650) 253-0000", "US", "+16502530000"),
        ("011 62 812 3456 7890", "US", "+6281234567890"),
        ("06 6982 1234", "IT", "+390669821234"),
        ("030/123456", "DE", "+4930123456"),
        ("62811699778", "ID", "+62811699778"),
        ("62 811-699-778", "ID", "+62811699778"),
        ("4915112345678", "DE", "+4915112345678"),
        ("53330563", "CU", "+5353330563"),
        ("+5215512345678", "ID", "+525512345678"),
        ("5215512345678", "MX", "+525512345678"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("+55 31 8888 7777", "ID", "+5531988887777"),
        ("(31) 8888-7777", "BR", "+5531988887777"),
        ("0 41 31 8888 7777", "BR", "+5531988887777"),
        ("+55 31 3333 7777", "BR", "+553133337777"),
        ("+54 11 2345 6789", "AR", "+541123456789"),
        ("011 15 2345 6789", "AR", "+5491123456789"),
    ],
)
def test_one_number_in_any_spelling_is_valid(typed, region, value):
    assert phone.parse(typed, region) == Phone(value, True)


@pytest.mark.parametrize(
    ("typed", "region", "value", "extension"),
    [
        ("021 555 1234 ext 12", "ID", "+62215551234", "12"),
        ("0215551234x12", "ID", "+62215551234", "12"),
        ("0215551234 #7", "ID", "+62215551234", "7"),
        ("(650) 253-0000 Ext. 305", "US", "+16502530000", "305"),
        ("+1-650-253-0000;ext=305", "ID", "+16502530000", "305"),
    ],
)
def test_an_extension_is_set_apart(typed, region, value, extension):
    assert phone.parse(typed, region) == Phone(value, True, extension=extension)


@pytest.mark.parametrize(
    ("typed", "region", "word"),
    [
        ("0812-3456-7890 / 0813-1111-2222", "ID", "two numbers"),
        ("081234567890/081311112222", "ID", "two numbers"),
        ("0812345678/9", "ID", "two numbers"),
        ("5551234/5551235", "US", "two numbers"),
        ("081234567890, 081311112222", "ID", "two numbers"),
        ("081234567890;081311112222", "ID", "two numbers"),
        ("081234567890 atau 081311112222", "ID", "two numbers"),
        ("+62 812 3456 7890 +62 813 1111 2222", "ID", "two numbers"),
        ("8.12E+09", "ID", "digits"),
        ("8.12345678E+11", "ID", "digits"),
        ("6,28123E+12", "ID", "digits"),
        ("081234567890 (Sari)", "ID", "only the number"),
        ("Sari 081234567890", "ID", "only the number"),
        ("1-800-FLOWERS", "US", "only the number"),
        ("ask at the till", "ID", "only the number"),
        ("0812", "ID", "No such number"),
        ("00000000", "ID", "No such number"),
        ("+999 123456789", "ID", "No such number"),
        ("0812345678901234567890", "ID", "No such number"),
        ("112", "ID", "No such number"),
        ("081234567890", "XX", "No such number"),
        ("-", "ID", "No such number"),
        ("+", "ID", "No such number"),
    ],
)
def test_what_is_not_one_number_is_kept_as_typed_with_the_reason(typed, region, word):
    read = phone.parse(typed, region)
    assert (read.value, read.valid, read.extension) == (typed, False, "")
    assert word in read.reason


def test_an_empty_field_is_no_mistake():
    assert phone.parse(" \u200b ", "ID") == Phone("", False)


def test_what_is_kept_is_clean_and_bounded():
    assert phone.parse("ask\x00 \u202eSari  first\n", "ID").value == "ask Sari first"
    assert phone.parse("9" * 100_000, "ID").value == "9" * phone.MAX_LENGTH


@pytest.mark.parametrize(
    ("value", "region", "shown"),
    [
        ("+6281234567890", "ID", "0812-3456-7890"),
        ("+6281234567890", "PK", "+62 812-3456-7890"),
        ("+923001234567", "PK", "0300 1234567"),
        ("+16502530000", "US", "(650) 253-0000"),
        ("+6281234567890", "XX", "+62 812-3456-7890"),
        ("0812 / 0813", "ID", "0812 / 0813"),
        ("", "ID", ""),
    ],
)
def test_a_number_is_shown_as_the_organization_writes_it(value, region, shown):
    assert phone.display(value, region) == shown


def test_a_number_is_shown_with_its_country():
    assert phone.international("+6281234567890") == "+62 812-3456-7890"


@pytest.mark.parametrize(
    ("value", "region", "spelled"),
    [
        ("+6281234567890", "ID", ("6281234567890", "081234567890")),
        ("+6281234567890", "PK", ("6281234567890", "081234567890")),
        ("+16502530000", "US", ("16502530000", "6502530000")),
        ("0812 345", "ID", ("0812345", "62812345")),
        ("0812 345", "XX", ("0812345",)),
        ("081234567890 / 081311112222", "ID", ("081234567890081311112222",)),
        ("ask Sari", "ID", ()),
    ],
)
def test_the_spellings_of_a_number_are_digits(value, region, spelled):
    assert phone.spellings(value, region) == spelled


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("+5531988887777", "+553188887777"),
        ("+525512345678", "+5215512345678"),
        ("+5491123456789", "+541123456789"),
    ],
)
def test_one_line_has_two_spellings_where_a_country_changed_its_numbers(number, other):
    assert phone.variants(number) == (number, other)
    assert phone.variants(other) == (other, number)
    assert phone.matching(number) == phone.matching(other) == number


@pytest.mark.parametrize(
    "number", ["+6281234567890", "+5511944445555", "+551144445555", "+5255123", "+16502530000", "+54800123456", ""]
)
def test_any_other_number_has_one_spelling(number):
    assert phone.variants(number) == (number,)
    assert phone.matching(number) == number


def _numbers(region):
    """Yield valid numbers of each type, many of them beginning as the country code does."""
    chance = random.Random(region)
    for kind in phonenumbers.PhoneNumberType.values():
        example = phonenumbers.example_number_for_type(region, kind)
        plain = phonenumbers.national_significant_number(example) if example else ""
        for _ in range(8 if plain else 0):
            code, drawn = str(example.country_code), list(plain)
            for at in chance.sample(range(len(drawn)), chance.randint(0, len(drawn))):
                drawn[at] = chance.choice("0123456789")
            national = "".join(drawn)
            national = chance.choice((plain, national, national[:-1], national + "1", code + national[len(code) :]))
            number = phonenumbers.parse(f"+{code}{national}")
            # Seven digits of Gabon are read as eight, and what begins with the prefix at home is another number.
            as_it_is = region != "GA" and phonenumbers.national_significant_number(number) == national
            if as_it_is and phonenumbers.is_valid_number_for_region(number, region):
                yield number


def _is_likelier(value, typed, region):
    """Say whether people write `typed` for a number at home, or it is a mobile that lost its zero."""
    at_home = phone.digits(phone.display(value, region))
    is_mobile = phonenumbers.number_type(phonenumbers.parse(value)) == phonenumbers.PhoneNumberType.MOBILE
    return at_home == typed or (at_home == f"0{typed}" and is_mobile)


@pytest.mark.parametrize("first", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
def test_a_number_of_any_country_is_read_as_written_at_home_and_with_its_code_without_a_plus(first):
    for region in sorted(filter(lambda code: code[0] == first, phonenumbers.SUPPORTED_REGIONS)):
        for number in _numbers(region):
            value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
            for typed in (at_home, phone.digits(at_home)):
                assert phone.parse(typed, region).value in phone.variants(value), (region, typed)
            read = phone.parse(value[1:], region)
            assert read.valid, (region, value)
            assert read.value in phone.variants(value) or _is_likelier(read.value, value[1:], region), (region, value)


def test_links_carry_the_number():
    assert phone.tel("+6281234567890") == "tel:+6281234567890"
    assert phone.wa_me("+6281234567890") == "https://wa.me/6281234567890"


def test_regions_have_names():
    assert ("ID", "Indonesia") in phone.regions()
    assert ("PK", "Pakistan") in phone.regions()


@given(st.text(max_size=80), st.sampled_from(["ID", "PK", "US", "DE", "XX", ""]))
def test_nothing_typed_breaks_it(typed, region):
    read = phone.parse(typed, region)
    assert len(read.value) <= phone.MAX_LENGTH
    if read.valid:
        assert phone.parse(read.value, region) == Phone(read.value, True)
    phone.display(read.value, region)
    phone.spellings(read.value, region)


@given(st.text("0123456789+-() ./ex,E", max_size=25))
def test_what_is_stored_is_read_again_as_it_is(typed):
    read = phone.parse(typed, "ID")
    again = phone.parse(read.value, "ID")
    assert (again.value, again.valid) == (read.value, read.valid)
    if read.valid:
        assert phone.parse(phone.display(read.value, "ID"), "ID").value == read.value


@pytest.mark.parametrize("region", ["ID", "PK", "DE", "IN", "TR", "EG", "NG", "AU", "US", "IT", "AR", "SG"])
def test_a_number_in_plain_digits_is_read_and_spelled_as_any_other(region):
    chance = random.Random(region)
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    for _ in range(150):
        digits = list(str(example.national_number))
        for at in chance.sample(range(len(digits)), chance.randint(0, 4)):
            digits[at] = chance.choice("0123456789")
        national = "".join(digits)[: chance.choice((None, None, -1))] + chance.choice(("", "", "7"))
        for typed in (f"0{national}", f"0{national[:3]}-{national[3:]}", f"+{example.country_code} {national}"):
            read = phone.parse(typed, region)
            labeled = phone.parse(f"tel: {typed}", region)
            assert (read.valid, read.valid and read.value) == (labeled.valid, labeled.valid and labeled.value), typed
            if read.valid:
                assert phone.spellings(read.value, region, True) == phone.spellings(read.value, region), typed
