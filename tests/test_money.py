# ruff: noqa: RUF001  The digits that look like others are what is tested.
import contextlib
import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.values import countries, money
from crm.values.money import MoneyError

LOCALES = ["id_ID", "en_US", "en_PK", "de_DE", "fr_FR", "de_CH", "en_IN", "ar_SA", "sv_SE", "ja_JP"]


@pytest.mark.parametrize(
    ("typed", "locale", "hundredths"),
    [
        ("1500", "id_ID", 150_000),
        ("1500.00", "id_ID", 150_000),
        ("2500000.00", "id_ID", 250_000_000),
        ("1.500", "id_ID", 150_000),
        ("1.500,00", "id_ID", 150_000),
        ("1.234,50", "id_ID", 123_450),
        ("1,234.50", "id_ID", 123_450),
        ("1.5", "id_ID", 150),
        ("1,5", "id_ID", 150),
        ("1.50", "id_ID", 150),
        ("0,05", "id_ID", 5),
        (".5", "id_ID", 50),
        ("1.234.567", "id_ID", 123_456_700),
        ("1,234,567", "id_ID", 123_456_700),
        ("1 234 567,5", "id_ID", 123_456_750),
        ("1,500", "en_US", 150_000),
        ("1.234,50", "en_US", 123_450),
        ("1.234.567", "en_US", 123_456_700),
        ("1\u202f500,50", "fr_FR", 150_050),
        ("1\u00a0500", "fr_FR", 150_000),
        ("1’234.50", "de_CH", 123_450),
        ("1'234", "de_CH", 123_400),
        ("12,34,567.50", "en_IN", 123_456_750),
        ("007", "id_ID", 700),
        ("  1500\n", "id_ID", 150_000),
        ("\u200e1500\u200f", "id_ID", 150_000),
        ("١٬٥٠٠٫٥٠", "ar_SA", 150_050),
        ("۱۵۰۰", "en_PK", 150_000),
        ("１５００", "id_ID", 150_000),
        ("9999999999.99", "id_ID", 999_999_999_999),
        ("0000000000001", "id_ID", 100),
    ],
)
def test_an_amount_is_read_by_the_locale(typed, locale, hundredths):
    assert money.parse_amount(typed, locale) == hundredths


@pytest.mark.parametrize(
    ("typed", "locale", "currency"),
    [
        ("Rp 1.500", "id_ID", "IDR"),
        ("Rp1.500", "id_ID", "IDR"),
        ("Rp. 1.500,-", "id_ID", "IDR"),
        ("rp.1.500", "id_ID", "IDR"),
        ("IDR 1.500", "id_ID", "IDR"),
        ("1.500 idr", "id_ID", "IDR"),
        ("Rp\u00a01.500", "id_ID", ""),
        ("Rs. 1,500/-", "en_PK", "PKR"),
        ("1500/-", "en_PK", "PKR"),
        ("1500,–", "de_DE", "EUR"),
        ("1.500 €", "de_DE", "EUR"),
        ("$1,500", "en_US", "USD"),
        ("$1,500", "en_US", ""),
        ("1 500 kr", "sv_SE", "SEK"),
        ("Fr. 1’500", "de_CH", "CHF"),
    ],
)
def test_a_currency_may_stand_beside_it(typed, locale, currency):
    assert money.parse_amount(typed, locale, currency) == 150_000


@pytest.mark.parametrize(
    ("typed", "locale", "currency", "hundredths"),
    [
        ("1.234,56 TL", "tr_TR", "TRY", 123_456),
        ("₺1.234,56", "tr_TR", "TRY", 123_456),
        ("15 000 FCFA", "fr_SN", "XOF", 1_500_000),
        ("15\u202f000\u00a0F\u202fCFA", "fr_SN", "XOF", 1_500_000),
        ("15\u2009000 F", "fr_CM", "XAF", 1_500_000),
        ("1000円", "ja_JP", "JPY", 100_000),
        ("￥１，０００", "ja_JP", "JPY", 100_000),
        ("1500/=", "en_KE", "KES", 150_000),
        ("KSh 1,500/=", "en_KE", "KES", 150_000),
        ("1,500/= TSh.", "en_TZ", "TZS", 150_000),
        ("Rp 15.000", "id_ID", "IDR", 1_500_000),
        ("Rp15.000,-", "id_ID", "IDR", 1_500_000),
        ("15.000 rupiah", "id_ID", "IDR", 1_500_000),
        ("Rs. 1,500/-", "en_PK", "PKR", 150_000),
        ("1,500 Rs/-", "en_PK", "PKR", 150_000),
        ("Rs.500", "en_PK", "PKR", 50_000),
        ("Rs .50", "en_PK", "PKR", 50),
        ("₨ 1,500", "en_PK", "PKR", 150_000),
        ("₨1,500", "en_MU", "MUR", 150_000),
        ("1,50,000 rupees", "en_IN", "INR", 15_000_000),
        ("€ 12,50", "de_DE", "EUR", 1_250),
        ("12,50 Euro", "de_DE", "EUR", 1_250),
        ("EUR 1 234,50", "fr_FR", "EUR", 123_450),
        ("$.50", "en_US", "USD", 50),
        ("US$ 1,234.50", "en_US", "USD", 123_450),
        ("$1,500", "es_MX", "MXN", 150_000),
        ("S/. 12.50", "es_PE", "PEN", 1_250),
        ("R$ 12,50", "pt_BR", "BRL", 1_250),
        ("1.500 kr.", "da_DK", "DKK", 150_000),
        ("د.إ. 15", "ar_AE", "AED", 1_500),
        ("RM12.50", "ms_MY", "MYR", 1_250),
        ("K5", "en_ZM", "ZMW", 500),
    ],
)
def test_a_currency_is_written_as_its_country_does(typed, locale, currency, hundredths):
    assert money.parse_amount(typed, locale, currency) == hundredths


@pytest.mark.parametrize(
    ("typed", "locale", "sentence"),
    [
        ("", "id_ID", "Enter the amount."),
        ("  ", "id_ID", "Enter the amount."),
        ("Rp", "id_ID", "Enter the amount."),
        ("0", "id_ID", "Enter an amount greater than 0."),
        ("0,00", "id_ID", "Enter an amount greater than 0."),
        ("-0", "id_ID", "Enter an amount greater than 0."),
        ("-5", "id_ID", "Enter an amount greater than 0."),
        ("−1.500", "id_ID", "Enter an amount greater than 0."),
        ("10000000000", "id_ID", "Enter an amount below 10.000.000.000."),
        ("9" * 55, "id_ID", "Enter an amount below 10.000.000.000."),
        ("1,505", "id_ID", "Enter an amount with at most two decimals, like 1.500,50."),
        ("1.234,567", "id_ID", "Enter an amount with at most two decimals, like 1.500,50."),
        ("1.5000", "id_ID", "Enter an amount with at most two decimals, like 1.500,50."),
        ("1.500", "en_US", "Enter an amount with at most two decimals, like 1,500.50."),
        *(
            (other, "id_ID", "Enter the amount in IDR, in digits alone.")
            for other in (
                "$5",
                "€ 5",
                "5 TL",
                "15 000 FCFA",
                "1000円",
                "KSh 1500/=",
                "Rs. 1,500/-",
                "₨ 5",
                "5 yen",
                "R$5",
            )
        ),
        ("-Rp 5", "id_ID", "Enter an amount greater than 0."),
        ("Rp -5", "id_ID", "Enter an amount greater than 0."),
        ("Rp,505", "id_ID", "Enter an amount with at most two decimals, like 1.500,50."),
        ("USD 5", "id_ID", "Enter the amount in IDR, in digits alone."),
        *(
            (garbage, "id_ID", "Enter the amount in digits, like 1.500,50.")
            for garbage in (
                *(
                    "1e309",
                    "1E5",
                    "NaN",
                    "inf",
                    "Infinity",
                    "0x10",
                    "1_000",
                    "--5",
                    "(5)",
                    "+5",
                    "5rb",
                    "5jt",
                    "5k",
                    "5 K",
                    "Rp Rp 5",
                    "Rp 5 5 Rp",
                    "5=",
                    "5 /",
                    "1万",
                    "12€50",
                ),
                *(
                    "12 34",
                    "1.50.00",
                    "1.500.00",
                    "0.500",
                    "1500.000",
                    "1500.",
                    "1,2,3",
                    "1.2345.678",
                    "1.500 000",
                ),
                *(
                    "²",
                    "5²",
                    "½",
                    "1/2",
                    "five",
                    "1\x00500",
                    "<b>1</b>",
                    "1;500",
                    ".",
                    ",",
                    "9" * 200,
                    "5" + " " * 99,
                ),
            )
        ),
    ],
)
def test_what_is_no_amount_is_refused_with_a_sentence(typed, locale, sentence):
    with pytest.raises(MoneyError) as refused:
        money.parse_amount(typed, locale, "IDR" if locale == "id_ID" else "")
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("hundredths", "currency", "locale", "shown"),
    [
        (150_000, "IDR", "id_ID", "Rp 1.500"),
        (123_456_750, "IDR", "id_ID", "Rp 1.234.567,50"),
        (0, "IDR", "id_ID", "Rp 0"),
        (-150_000, "IDR", "id_ID", "-Rp 1.500"),
        (150_000, "IDR", "en_US", "IDR 1,500"),
        (150_000, "PKR", "en_PK", "Rs 1,500"),
        (150_000, "USD", "en_US", "$1,500"),
        (150_050, "USD", "en-US", "$1,500.50"),
        (150_005, "EUR", "de_DE", "1.500,05 €"),
        (150_000, "EUR", "fr_FR", "1\u202f500 €"),
        (150_000, "JPY", "ja_JP", "￥1,500"),
        (123_456_750, "INR", "en_IN", "₹12,34,567.50"),
    ],
)
def test_an_amount_is_shown_as_the_locale_writes_it(hundredths, currency, locale, shown):
    assert money.format_amount(hundredths, currency, locale) == shown.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "shown"),
    [
        (150_000, "JPY", "ja_JP", "￥1,500"),
        (150_000, "JPY", "id_ID", "JP¥1.500"),
        (150_000, "XOF", "fr_SN", "1\u202f500 F\u202fCFA"),
        (1_250, "KWD", "en_US", "KWD 1.250"),
        (1_250, "KWD", "id_ID", "KWD 1,250"),
        (5_000, "KWD", "en_US", "KWD 5"),
        (1_500_005, "TND", "fr_TN", "1\u202f500,005 DT"),
        (1_250, "IQD", "en_US", "IQD 1.250"),
    ],
)
def test_currencies_have_decimals_of_their_own(amount, currency, locale, shown):
    assert money.format_amount(amount, currency, locale) == shown.replace(" ", "\u00a0")


@pytest.mark.parametrize(
    ("typed", "locale", "currency", "amount"),
    [
        ("1.250", "en_US", "KWD", 1_250),
        ("1.250", "id_ID", "KWD", 1_250_000),
        ("1,250", "id_ID", "KWD", 1_250),
        ("1,250", "en_US", "KWD", 1_250_000),
        ("1.25", "en_US", "KWD", 1_250),
        ("1.2", "id_ID", "KWD", 1_200),
        ("KWD 0.005", "en_US", "KWD", 5),
        ("9999999999.999", "en_US", "KWD", 9_999_999_999_999),
        ("1.234,567", "de_DE", "BHD", 1_234_567),
        ("¥1,500", "en_US", "JPY", 150_000),
        ("1500.00", "en_US", "JPY", 150_000),
        ("1.500,-", "id_ID", "VND", 150_000),
    ],
)
def test_what_is_typed_has_the_decimals_of_its_currency(typed, locale, currency, amount):
    assert money.parse_amount(typed, locale, currency) == amount


@pytest.mark.parametrize(
    ("typed", "locale", "currency", "sentence"),
    [
        ("1500.50", "en_US", "JPY", "Enter a whole amount, like 1,500."),
        ("1.500,5", "id_ID", "VND", "Enter a whole amount, like 1.500."),
        ("1.500", "en_US", "JPY", "Enter a whole amount, like 1,500."),
        ("ten", "en_US", "JPY", "Enter the amount in digits, like 1,500."),
        ("1.2345", "en_US", "KWD", "Enter an amount with at most three decimals, like 1,500.500."),
        ("ten", "id_ID", "KWD", "Enter the amount in digits, like 1.500,500."),
        ("0.000", "en_US", "KWD", "Enter an amount greater than 0."),
        ("10000000000", "en_US", "KWD", "Enter an amount below 10,000,000,000."),
    ],
)
def test_other_decimals_than_the_currency_has_are_refused_with_an_example(typed, locale, currency, sentence):
    with pytest.raises(MoneyError) as refused:
        money.parse_amount(typed, locale, currency)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("given", "currency", "sentence"),
    [
        ("1234.5", "JPY", "Enter a whole amount, like 1500."),
        (1234.5, "JPY", "Enter a whole amount, like 1500."),
        ("1.2345", "KWD", "Enter an amount with at most three decimals, like 1500.500."),
        ("1.250", "USD", "Enter an amount with at most two decimals, like 1500.50."),
        ("1,250", "KWD", "Enter the amount in digits, like 1500.500."),
        ("-1.250", "KWD", "Enter an amount greater than 0."),
    ],
)
def test_json_has_the_decimals_of_its_currency(given, currency, sentence):
    with pytest.raises(MoneyError) as refused:
        money.from_json(given, currency)
    assert str(refused.value) == sentence


def test_the_edges_are_decimals():
    assert money.to_decimal(250_000_050, "IDR") == Decimal("2500000.50")
    assert [money.to_json(amount, "IDR") for amount in (250_000_000, 5, 0)] == ["2500000.00", "0.05", "0.00"]
    assert [money.to_json(amount, "KWD") for amount in (1_250, 5, 0)] == ["1.250", "0.005", "0.000"]
    assert [money.to_json(amount, "JPY") for amount in (123_400, 0)] == ["1234.00", "0.00"]


def test_an_average_is_rounded_to_what_people_write():
    assert [money.rounded(amount, "JPY") for amount in (100_050, 100_049, 0)] == [100_100, 100_000, 0]
    assert [money.rounded(amount, currency) for amount, currency in ((101, "USD"), (1_251, "KWD"))] == [101, 1_251]


def test_currencies_are_those_that_people_pay_with():
    codes = dict(money.currencies())
    assert codes["IDR"] == "Indonesian Rupiah"
    assert {"PKR", "EUR", "JPY", "KWD", "BHD", "TND"} <= codes.keys()
    assert not {"DEM", "CLF"} & codes.keys()


def test_what_is_shown_can_be_typed_again_in_every_currency_and_locale():
    codes, locales = ([code for code, _name in pairs] for pairs in (money.currencies(), countries.locales()))
    some = ("IDR", "JPY", "KWD", "LKR", "MMK")
    for currency, locale in {*itertools.product(codes, LOCALES), *itertools.product(some, locales)}:
        unit = money.unit(currency)
        for amount in (1_500 * unit, 1_234_567 * unit + (5 if money.decimals(currency) else 0)):
            for text in (money.format_amount(amount, currency, locale), money.as_typed(amount, currency, locale)):
                assert money.parse_amount(text, locale, currency) == amount, (text, currency, locale)


@given(
    st.integers(1, 999_999_999_999),
    st.sampled_from(LOCALES),
    st.sampled_from(["IDR", "PKR", "USD", "EUR", "CHF", "JPY", "KRW", "KWD", "IQD", "TND"]),
)
def test_whatever_the_amount_it_is_read_as_it_was_written(amount, locale, currency):
    if money.decimals(currency) == 0:
        amount = max(amount // money.unit(currency), 1) * money.unit(currency)
    shown = money.format_amount(amount, currency, locale)
    assert money.parse_amount(shown, locale, currency) == amount
    assert money.parse_amount(money.as_typed(amount, currency, locale), locale, currency) == amount
    assert money.from_json(money.to_json(amount, currency), currency) == amount
    assert money.from_json(float(money.to_decimal(amount, currency)), currency) == amount
    if money.scale(currency) == 2:
        assert money.parse_amount(money.to_json(amount, currency), locale, currency) == amount


@given(st.text(max_size=30) | st.text("0123456789.,-' eE", max_size=20), st.sampled_from(LOCALES))
def test_nothing_typed_breaks_it(typed, locale):
    with contextlib.suppress(MoneyError):
        assert 0 < money.parse_amount(typed, locale, "IDR") <= 999_999_999_999
