"""Money: integer hundredths inside, the organization's notation at the edges."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal, get_currency_precision, get_territory_currencies

from crm.values import currency_symbols
from crm.values.text import ascii_digits

MAX_DIGITS = 10
"""Digits before the decimals; 9,999,999,999.99 is the largest amount."""

_LONGEST = 60
_NOTHING = "Enter the amount."
_NOT_AN_AMOUNT = "Enter the amount in digits, like {example}."
_NOT_POSITIVE = "Enter an amount greater than 0."
_TOO_LARGE = "Enter an amount below {limit}."
_TOO_FINE = "Enter an amount with at most two decimals, like {example}."
_OTHER_CURRENCY = "Enter the amount in {currency}, in digits alone."


class MoneyError(ValueError):
    """The message is a sentence for people."""


def parse_amount(text: str, locale: str, currency: str = "") -> int:
    """Return the hundredths of an amount as written in `locale`.

    Exactly three digits after the locale's grouping mark are thousands, one or two after either mark are decimals
    (`interface.md`, Pages and forms). A currency's code, sign or word may stand before or after; with `currency` it
    must be that one. Raises MoneyError for no amount, 0, a negative or too large one, or more than two decimals.
    """
    body = _without_currency(_plain(text, locale), locale, currency)
    if re.fullmatch(r"-[.,]?\d[\d., ]*", body):
        raise MoneyError(_NOT_POSITIVE)
    if not body:
        raise MoneyError(_NOTHING)
    whole, decimals = _split(body, locale)
    return _hundredths(whole, decimals, locale)


@lru_cache(maxsize=8192)
def format_amount(hundredths: int, currency: str, locale: str) -> str:
    """Return `Rp 1.500` with no-break spaces, without decimals for a whole amount."""
    pattern = re.sub(r"\.0+", ".00" if hundredths % 100 else "", _pattern(locale))
    symbol = _locale(locale).currency_symbols.get(currency, currency)
    if symbol[-1:].isalpha():
        pattern = re.sub("¤(?=[#0])", "¤\u00a0", pattern)
    number = str(format_decimal(to_decimal(hundredths), format=pattern, locale=_locale(locale)))
    return number.replace("¤", symbol).replace("\u00a0\u00a0", "\u00a0")


@lru_cache(maxsize=8192)
def format_number(number: int, locale: str) -> str:
    return str(format_decimal(number, format="#,##0", locale=_locale(locale)))


def to_decimal(hundredths: int) -> Decimal:
    return Decimal(hundredths).scaleb(-2)


def to_json(hundredths: int) -> str:
    return str(to_decimal(hundredths))


def from_json(amount: str | float) -> int:
    """Return the hundredths of JSON's `"1500.5"` or number; a float counts as its shortest text: 21.1 is 2110."""
    text = amount if isinstance(amount, str) else format(Decimal(repr(amount)), "f")
    match = re.fullmatch(r"(\d{1,30})(?:\.(\d+))?", text, re.ASCII)
    if match is None:
        raise MoneyError(_NOT_POSITIVE if text.startswith("-") else _NOT_AN_AMOUNT.format(example="1500.50"))
    if len(match[2] or "") > 2:
        raise MoneyError(_TOO_FINE.format(example="1500.50"))
    return _hundredths(match[1], match[2] or "", "en")


@lru_cache(maxsize=1)
def currencies() -> tuple[tuple[str, str], ...]:
    """Exclude currencies with thousandths (Kuwaiti dinar, …): amounts are hundredths."""
    english = Locale("en")
    codes = {code for territory in map(str, english.territories) if len(territory) == 2 for code in _tender(territory)}
    return tuple(
        (code, english.currencies.get(code, code)) for code in sorted(codes) if get_currency_precision(code) <= 2
    )


def _tender(territory: str) -> list[str]:
    return [str(code) for code in get_territory_currencies(territory)]


def _plain(text: str, locale: str) -> str:
    # Superscripts and fractions would become digits below: "5²" is not 52.
    if len(text) > _LONGEST or any(unicodedata.category(char) == "No" for char in text):
        raise MoneyError(_unreadable(locale))
    body = ascii_digits(unicodedata.normalize("NFKC", text))
    return "".join(_DASHES.get(char, char) for char in body if unicodedata.category(char) != "Cf").strip()


_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
_ENDING = re.compile(r"[.,/][-=]{1,2}")
"""Endings of whole amounts: `1.500,-`, `1,500/-`, `1500/=`."""


def _around_number(body: str) -> tuple[str, str, str]:
    digits = [at for at, char in enumerate(body) if char.isdecimal()] or [len(body), len(body)]
    before, number, after = body[: digits[0]].rstrip(), body[digits[0] : digits[-1] + 1], body[digits[-1] + 1 :].strip()
    # A dot after a word belongs to it ("Rs.500", "S/.500"); any other dot begins decimals.
    if before[-1:] in (".", ",") and not re.search(r"[^\W\d_]/?\.$", before):
        before, number = before[:-1].rstrip(), before[-1] + number
    if before.count("-") == 1 and number and (before[0] == "-" or before[-1] == "-"):
        before, number = before.strip("- "), "-" + number
    ending = _ENDING.match(after)
    after = after[ending.end() :].strip() if ending else after
    return before, number, re.sub(rf"{_ENDING.pattern}$", "", after).rstrip()


def _without_currency(body: str, locale: str, currency: str) -> str:
    before, number, after = _around_number(body)
    for mark, is_after in ((before, False), (after, True)):
        if not mark or currency_symbols.means(mark, currency, locale, after=is_after):
            continue
        if currency and currency_symbols.is_known(mark, locale, after=is_after):
            raise MoneyError(_OTHER_CURRENCY.format(currency=currency))
        raise MoneyError(_unreadable(locale))
    return number


def _split(body: str, locale: str) -> tuple[str, str]:
    # The Arabic marks are unambiguous; spaces and apostrophes separate groups everywhere.
    body = re.sub(r"[\s'\u2019\u02bc\u066c]", " ", body)
    if "\u066b" in body:
        head, _, tail = body.partition("\u066b")
        return _grouped(head, ".,", locale), _decimals(tail, locale)
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return _grouped(body, "", locale), ""
    mark, head, tail = body[last], body[:last], body[last + 1 :]
    if mark in head or (len(tail) == 3 and mark == _grouping(locale)):
        return _grouped(body, mark, locale), ""
    return _grouped(head, ",." if head else "", locale), _decimals(tail, locale)


def _grouped(body: str, marks: str, locale: str) -> str:
    if not body or re.fullmatch(r"\d+", body):
        return body
    for mark in (*marks, " "):
        part = re.escape(mark)
        # Groups of three; in India groups of two before the last three.
        if re.fullmatch(rf"[1-9]\d{{0,2}}(?:{part}\d{{3}})+|[1-9]\d?(?:{part}\d{{2}})+{part}\d{{3}}", body):
            return body.replace(mark, "")
    raise MoneyError(_unreadable(locale))


def _decimals(tail: str, locale: str) -> str:
    if not re.fullmatch(r"\d+", tail):
        raise MoneyError(_unreadable(locale))
    if len(tail) > 2:
        raise MoneyError(_TOO_FINE.format(example=_example(locale)))
    return tail


def _hundredths(whole: str, decimals: str, locale: str) -> int:
    whole = whole.lstrip("0")
    if len(whole) > MAX_DIGITS:
        limit = format_decimal(10**MAX_DIGITS, locale=_locale(locale))
        raise MoneyError(_TOO_LARGE.format(limit=limit))
    hundredths = int(whole or 0) * 100 + int(decimals.ljust(2, "0"))
    if hundredths == 0:
        raise MoneyError(_NOT_POSITIVE)
    return hundredths


def _unreadable(locale: str) -> str:
    return _NOT_AN_AMOUNT.format(example=_example(locale))


def _example(locale: str) -> str:
    return str(format_decimal(Decimal("1500.50"), format="#,##0.00", locale=_locale(locale)))


def _grouping(locale: str) -> str:
    return str(_locale(locale).number_symbols["latn"]["group"])


def _pattern(locale: str) -> str:
    return str(_locale(locale).currency_formats["standard"].pattern).split(";")[0]


@lru_cache(maxsize=256)
def _locale(locale: str) -> Locale:
    return Locale.parse(locale.replace("-", "_"))
