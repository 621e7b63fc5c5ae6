"""Money: integers inside, the organization's notation at the edges.

An amount is in hundredths, or in thousandths of a currency that has them (`scale`). Yen and other currencies without
decimals have hundredths too, and only whole amounts are taken.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal, format_percent, get_currency_precision, get_territory_currencies

from crm.values import currency_symbols
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits

MAX_DIGITS = 10
"""Digits before the decimals; 9,999,999,999.99 is the largest amount."""

THOUSANDTHS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
WHOLE = frozenset("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split())  # noqa: SIM905
"""Currencies with three decimals and with none. Source: ISO 4217, list one; CLDR has others, as none for IQD."""

_LONGEST = 60
_NOTHING = N_("Enter the amount.")
_NOT_AN_AMOUNT = N_("Enter the amount in digits, like %(example)s.")
_NOT_POSITIVE = N_("Enter an amount greater than 0.")
_TOO_LARGE = N_("Enter an amount below %(limit)s.")
_TOO_FINE = {
    0: N_("Enter a whole amount, like %(example)s."),
    2: N_("Enter an amount with at most two decimals, like %(example)s."),
    3: N_("Enter an amount with at most three decimals, like %(example)s."),
}
_OTHER_CURRENCY = N_("Enter the amount in %(currency)s, in digits alone.")


class MoneyError(ValueError):
    """The message is a sentence for people."""


def scale(currency: str) -> int:
    """Return how many decimals the integers of a currency's amounts have."""
    return 3 if currency in THOUSANDTHS else 2


def unit(currency: str) -> int:
    """Return the integer that is 1 of a currency."""
    return int(10 ** scale(currency))


def decimals(currency: str) -> int:
    """Return how many decimals people write."""
    return 0 if currency in WHOLE else scale(currency)


def parse_amount(text: str, locale: str, currency: str = "") -> int:
    """Return an amount as written in `locale`.

    Exactly three digits after the locale's grouping mark are thousands, up to three after either mark are decimals
    (`interface.md`, Pages and forms). A currency's code, sign or word may stand before or after; with `currency` it
    must be that one. Raises MoneyError for no amount, 0, a negative or too large one, or more decimals than the
    currency has.
    """
    body = _without_currency(_plain(text, locale, currency), locale, currency)
    if re.fullmatch(r"-[.,]?\d[\d., ]*", body):
        raise MoneyError(_(_NOT_POSITIVE))
    if not body:
        raise MoneyError(_(_NOTHING))
    whole, tail = _split(body, locale, currency)
    return _integer(whole, tail, locale, currency)


@lru_cache(maxsize=8192)
def format_amount(amount: int, currency: str, locale: str) -> str:
    """Return `Rp 1.500` with no-break spaces, without decimals for a whole amount."""
    shown = "." + "0" * scale(currency) if amount % unit(currency) else ""
    pattern = re.sub(r"\.0+", shown, _pattern(locale))
    symbol = _locale(locale).currency_symbols.get(currency, currency)
    if symbol[-1:].isalpha():
        pattern = re.sub("¤(?=[#0])", "¤\u00a0", pattern)
    number = str(format_decimal(to_decimal(amount, currency), format=pattern, locale=_locale(locale)))
    return number.replace("¤", symbol).replace("\u00a0\u00a0", "\u00a0")


@lru_cache(maxsize=8192)
def format_number(number: int, locale: str) -> str:
    return str(format_decimal(number, format="#,##0", locale=_locale(locale)))


@lru_cache(maxsize=1024)
def format_share(percent: int, locale: str) -> str:
    """Return `78%` or `78 %`, as the locale writes it."""
    return str(format_percent(Decimal(percent) / 100, locale=_locale(locale)))


def format_points(share: float, locale: str) -> str:
    """Return a share as percentage points with one digit."""
    return str(format_decimal(100 * share, format="0.0", locale=_locale(locale)))


def as_typed(amount: int, currency: str, locale: str) -> str:
    """Return an amount as a field shows it, in digits that `parse_amount` reads as the same."""
    text = to_json(amount, currency)
    if amount % unit(currency) == 0:
        return text.partition(".")[0]
    # Three digits after a dot are thousands where the dot groups.
    return text.replace(".", _decimal_mark(locale)) if scale(currency) == 3 else text


def rounded(amount: int, currency: str) -> int:
    """Round half up to what people write, as an average of yen."""
    step = unit(currency) if decimals(currency) == 0 else 1
    return (2 * amount + step) // (2 * step) * step


def to_decimal(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-scale(currency))


def to_json(amount: int, currency: str) -> str:
    return str(to_decimal(amount, currency))


def from_json(amount: str | float, currency: str) -> int:
    """Return the integer of JSON's `"1500.5"` or number; a float counts as its shortest text: 21.1 is 2110."""
    text = amount if isinstance(amount, str) else format(Decimal(repr(amount)), "f")
    match = re.fullmatch(r"(\d{1,30})(?:\.(\d+))?", text, re.ASCII)
    if match is None:
        raise MoneyError(_(_NOT_POSITIVE) if text.startswith("-") else _unreadable("en", currency, grouped=False))
    tail = match[2] or ""
    if len(tail) > scale(currency) or (decimals(currency) == 0 and tail.strip("0")):
        raise MoneyError(_too_fine("en", currency, grouped=False))
    return _integer(match[1], tail, "en", currency)


@lru_cache(maxsize=1)
def currencies() -> tuple[tuple[str, str], ...]:
    """Return the codes and English names of what people pay with somewhere."""
    english = Locale("en")
    codes = {code for territory in map(str, english.territories) if len(territory) == 2 for code in _tender(territory)}
    return tuple(
        (code, english.currencies.get(code, code)) for code in sorted(codes) if get_currency_precision(code) <= 3
    )


def _tender(territory: str) -> list[str]:
    return [str(code) for code in get_territory_currencies(territory)]


def _plain(text: str, locale: str, currency: str) -> str:
    # Superscripts and fractions would become digits below: "5²" is not 52.
    if len(text) > _LONGEST or any(unicodedata.category(char) == "No" for char in text):
        raise MoneyError(_unreadable(locale, currency))
    body = ascii_digits(unicodedata.normalize("NFKC", text))
    return "".join(_DASHES.get(char, char) for char in body if unicodedata.category(char) != "Cf").strip()


_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
_ENDING = re.compile(r"[.,/][-=]{1,2}")
"""Endings of whole amounts: `1.500,-`, `1,500/-`, `1500/=`."""


def _around_number(body: str) -> tuple[str, str, str]:
    digits = [at for at, char in enumerate(body) if char.isdecimal()] or [len(body), len(body)]
    before, number, after = body[: digits[0]].rstrip(), body[digits[0] : digits[-1] + 1], body[digits[-1] + 1 :].strip()
    # A dot after a word belongs to it ("Rs.500", "S/.500"); any other dot begins decimals.
    if before[-1:] in (".", ",") and not _ends_word(before):
        before, number = before[:-1].rstrip(), before[-1] + number
    if before.count("-") == 1 and number and (before[0] == "-" or before[-1] == "-"):
        before, number = before.strip("- "), "-" + number
    ending = _ENDING.match(after)
    after = after[ending.end() :].strip() if ending else after
    return before, number, re.sub(rf"{_ENDING.pattern}$", "", after).rstrip()


def _ends_word(text: str) -> bool:
    """Whether the last dot ends a word, whose last letter may carry a vowel sign ("රු.")."""
    last = text[:-1].removesuffix("/")[-1:]
    return text.endswith(".") and unicodedata.category(last or " ")[0] in "LM"


def _without_currency(body: str, locale: str, currency: str) -> str:
    before, number, after = _around_number(body)
    for mark, is_after in ((before, False), (after, True)):
        if not mark or currency_symbols.means(mark, currency, locale, after=is_after):
            continue
        if currency and currency_symbols.is_known(mark, locale, after=is_after):
            raise MoneyError(_(_OTHER_CURRENCY, currency=currency))
        raise MoneyError(_unreadable(locale, currency))
    return number


def _split(body: str, locale: str, currency: str) -> tuple[str, str]:
    # The Arabic marks are unambiguous; spaces and apostrophes separate groups everywhere.
    body = re.sub(r"[\s'\u2019\u02bc\u066c]", " ", body)
    if "\u066b" in body:
        head, _mark, tail = body.partition("\u066b")
        return _grouped(head, ".,", locale, currency), _decimals(tail, locale, currency)
    last = max(body.rfind("."), body.rfind(","))
    if last < 0:
        return _grouped(body, "", locale, currency), ""
    mark, head, tail = body[last], body[:last], body[last + 1 :]
    if mark in head or (len(tail) == 3 and mark == _grouping(locale)):
        return _grouped(body, mark, locale, currency), ""
    return _grouped(head, ",." if head else "", locale, currency), _decimals(tail, locale, currency)


def _grouped(body: str, marks: str, locale: str, currency: str) -> str:
    if not body or re.fullmatch(r"\d+", body):
        return body
    for mark in (*marks, " "):
        part = re.escape(mark)
        # Groups of three; in India groups of two before the last three.
        if re.fullmatch(rf"[1-9]\d{{0,2}}(?:{part}\d{{3}})+|[1-9]\d?(?:{part}\d{{2}})+{part}\d{{3}}", body):
            return body.replace(mark, "")
    raise MoneyError(_unreadable(locale, currency))


def _decimals(tail: str, locale: str, currency: str) -> str:
    if not re.fullmatch(r"\d+", tail):
        raise MoneyError(_unreadable(locale, currency))
    if len(tail) > scale(currency) or (decimals(currency) == 0 and tail.strip("0")):
        raise MoneyError(_too_fine(locale, currency))
    return tail


def _integer(whole: str, tail: str, locale: str, currency: str) -> int:
    whole = whole.lstrip("0")
    if len(whole) > MAX_DIGITS:
        raise MoneyError(_(_TOO_LARGE, limit=format_number(10**MAX_DIGITS, locale)))
    amount = int(whole or 0) * unit(currency) + int(tail.ljust(scale(currency), "0"))
    if amount == 0:
        raise MoneyError(_(_NOT_POSITIVE))
    return amount


def _unreadable(locale: str, currency: str, *, grouped: bool = True) -> str:
    return _(_NOT_AN_AMOUNT, example=_example(locale, currency, grouped))


def _too_fine(locale: str, currency: str, *, grouped: bool = True) -> str:
    return _(_TOO_FINE[decimals(currency)], example=_example(locale, currency, grouped))


def _example(locale: str, currency: str, grouped: bool) -> str:
    pattern = ("#,##0" if grouped else "0") + {0: "", 2: ".00", 3: ".000"}[decimals(currency)]
    example = Decimal("1500") if decimals(currency) == 0 else Decimal("1500.50")
    return str(format_decimal(example, format=pattern, locale=_locale(locale)))


def _grouping(locale: str) -> str:
    return str(_locale(locale).number_symbols["latn"]["group"])


def _decimal_mark(locale: str) -> str:
    return str(_locale(locale).number_symbols["latn"]["decimal"])


def _pattern(locale: str) -> str:
    return str(_locale(locale).currency_formats["standard"].pattern).split(";")[0]


@lru_cache(maxsize=256)
def _locale(locale: str) -> Locale:
    return Locale.parse(locale.replace("-", "_"))
