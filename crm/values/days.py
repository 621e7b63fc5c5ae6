"""Days as people and spreadsheets write them; a column of them shows in which order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from babel import Locale, UnknownLocaleError
from babel.dates import get_date_format

from crm.values.text import ascii_digits, fold

DMY, MDY, YMD = "dmy", "mdy", "ymd"
SERIALS = range(20_000, 60_001)
FIRST_YEAR = 1900
EPOCH, EPOCH_1904 = dt.date(1899, 12, 30), dt.date(1904, 1, 1)
MONTHS_OF = (
    *("en", "id", "ur", "ar", "de", "fr", "es", "it", "pt", "nl", "tr", "ru", "pl"),
    *("ar_DZ", "ar_IQ", "ar_MA", "ar_MR", "de_AT"),
)
"""Languages, and countries with names of their own."""
ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.+Z -]{0,30})?")
_PLAIN_ISO = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WITHOUT_YEAR = re.compile(r"--(\d{2})-?(\d{2})|(\d{2})-(\d{2})")
_TWO_NUMBERS = re.compile(r"(\d{1,2})[./\- ]{1,2}(\d{1,2})\.?")
_NUMBERS = re.compile(
    r"(\d{1,2})[./\- ]{1,2}(\d{1,2})[./\- ]{1,2}(\d{4}|\d{2})(?:[ ,]{1,2}\d{1,2}:[\d:. ]{1,12}(?:[AaPp][Mm])?)?"
)
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d{1,12})?")
_WORDS = re.compile(r"[^\W\d_]+|\d+")


class Day(NamedTuple):
    """text: as 1990-04-30, or 04-30 without a year. code: what was repaired, or is wrong."""

    text: str
    code: str = ""
    is_wrong: bool = False


class Evidence(NamedTuple):
    """example: a day that may be read in both ways."""

    order: str
    is_certain: bool
    example: str


def read(raw: str, order: str, today: dt.date, is_1904: bool | None = None) -> Day:
    """Read a birthday; `order` is that of its column, or of the organization.

    The number of a day in a spreadsheet is one only where `is_1904` says how its book counts.
    """
    text = ascii_digits(raw).strip()
    if found := _WITHOUT_YEAR.fullmatch(text):
        month, day = int(found[1] or found[3]), int(found[2] or found[4])
        if found[3] and month > 12:  # 14-02 can only be the 14th of February, as 02-14 is
            month, day = day, month
        return _of(2000, month, day, today, without_year=True)
    if found := _TWO_NUMBERS.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        month, day = (first, second) if _is_month_first(order, first, second) else (second, first)
        return _of(2000, month, day, today, without_year=True)
    if found := _ISO.fullmatch(text) or _PLAIN_ISO.fullmatch(text):
        return _of(int(found[1]), int(found[2]), int(found[3]), today)
    if found := _NUMBERS.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), found[3]
        day, month = (second, first) if order == MDY else (first, second)
        return _with_year(year, month, day, today)
    if is_1904 is not None and (found := _SERIAL.fullmatch(text)):
        if int(found[1]) not in SERIALS:
            return Day("", "date", is_wrong=True)
        epoch = EPOCH_1904 if is_1904 else EPOCH
        day_ = epoch + dt.timedelta(days=int(found[1]))
        return _of(day_.year, day_.month, day_.day, today, "serial_day")
    return _in_words(text, today)


def read_typed(text: str, order: str, today: dt.date) -> Day:
    """Read a birthday that somebody typed; one that makes no sense in the usual order is read in the other."""
    found = read(text, order, today)
    return read(text, DMY if order == MDY else MDY, today) if found.code == "date" else found


def evidence(cells: Iterable[str], locale: str) -> Evidence:
    """Decide the order of a column of days: one number over 12 tells; where none does, the locale's is taken."""
    votes, example = {DMY: 0, MDY: 0}, ""
    for cell in cells:
        text = ascii_digits(cell).strip()
        found = _NUMBERS.fullmatch(text) or _TWO_NUMBERS.fullmatch(text)
        if not found or _WITHOUT_YEAR.fullmatch(text):
            continue
        first, second = int(found[1]), int(found[2])
        if first > 12 >= second:
            votes[DMY] += 1
        elif second > 12 >= first:
            votes[MDY] += 1
        elif first != second and not example:
            example = cell.strip()
    usual = usual_order(locale)
    if bool(votes[DMY]) != bool(votes[MDY]):
        return Evidence(DMY if votes[DMY] else MDY, True, example)
    contradicts = bool(votes[DMY])
    return Evidence(usual, not (contradicts or example), example)


@cache
def usual_order(locale: str) -> str:
    try:
        pattern = str(get_date_format("short", locale=locale.replace("-", "_")).pattern).lower()
    except (UnknownLocaleError, ValueError):
        return DMY
    return MDY if pattern.find("m") < pattern.find("d") and pattern.find("y") > pattern.find("d") else DMY


def _is_month_first(order: str, first: int, second: int) -> bool:
    """Whether a day without a year begins with its month; a number over 12 is no month."""
    if first > 12 or second > 12:
        return second > 12
    return order == MDY


def _with_year(year: str, month: int, day: int, today: dt.date) -> Day:
    if len(year) == 4:
        return _of(int(year), month, day, today)
    full = today.year // 100 * 100 + int(year)
    return _of(full if full <= today.year else full - 100, month, day, today, "two_digit_year")


def _of(year: int, month: int, day: int, today: dt.date, code: str = "", *, without_year: bool = False) -> Day:
    try:
        found = dt.date(year, month, day)
    except ValueError:
        return Day("", "date", is_wrong=True)
    if without_year:
        return Day(f"{month:02}-{day:02}")
    if found > today:
        return Day("", "future", is_wrong=True)
    return Day(found.isoformat(), code) if year >= FIRST_YEAR else Day("", "date", is_wrong=True)


def _in_words(text: str, today: dt.date) -> Day:
    """Read `3 April 1990`, `April 3, 1990`, `3-Apr-90`, `3 April` in the languages of lists."""
    folded = fold(text[:60])
    for phrase, number in _phrases():
        if phrase in folded:
            folded = folded.replace(phrase, f" {ENGLISH_MONTHS[number - 1]} ")
    parts = _WORDS.findall(folded)
    months = [month for part in parts if (month := _months().get(part))]
    numbers = [part for part in parts if part.isdecimal()]
    if len(months) != 1 or len(numbers) not in (1, 2):
        return Day("", "date", is_wrong=True)
    if len(numbers) == 1:
        return _of(2000, months[0], int(numbers[0]), today, without_year=True)
    day, year = numbers if len(numbers[0]) <= 2 else numbers[::-1]
    if len(day) > 2 or len(year) not in (2, 4):
        return Day("", "date", is_wrong=True)
    return _with_year(year, months[0], int(day), today)


def _months() -> dict[str, int]:
    return _names_of_months()[0]


def _phrases() -> tuple[tuple[str, int], ...]:
    return _names_of_months()[1]


@cache
def _names_of_months() -> tuple[dict[str, int], tuple[tuple[str, int], ...]]:
    """Return the numbers of months by their folded names, and names of several words."""
    words: dict[str, int] = {}
    phrases: dict[str, int] = {}
    for code in MONTHS_OF:
        names = Locale.parse(code).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[form][width].items():
                    word = fold(str(name)).strip(".")
                    if word.isalpha():
                        words.setdefault(word, number)
                    elif word.replace(" ", "").isalpha():
                        phrases.setdefault(word, number)
    return words, tuple(phrases.items())
