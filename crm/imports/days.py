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
MONTHS_OF = ("en", "id", "ur", "ar", "de", "fr", "es", "it", "pt", "nl", "tr", "ru", "pl")

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ][\d:.+Z -]{0,30})?")
_PLAIN_ISO = re.compile(r"(\d{4})(\d{2})(\d{2})")
_WITHOUT_YEAR = re.compile(r"--(\d{2})-?(\d{2})")
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


def read(raw: str, order: str, today: dt.date, is_1904: bool) -> Day:
    """Read a birthday; `order` is that of its column."""
    text = ascii_digits(raw).strip()
    if found := _WITHOUT_YEAR.fullmatch(text):
        return _of(2000, int(found[1]), int(found[2]), today, without_year=True)
    if found := _ISO.fullmatch(text) or _PLAIN_ISO.fullmatch(text):
        return _of(int(found[1]), int(found[2]), int(found[3]), today)
    if found := _NUMBERS.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), found[3]
        day, month = (second, first) if order == MDY else (first, second)
        return _with_year(year, month, day, today)
    if found := _SERIAL.fullmatch(text):
        if int(found[1]) not in SERIALS:
            return Day("", "date", is_wrong=True)
        epoch = EPOCH_1904 if is_1904 else EPOCH
        day_ = epoch + dt.timedelta(days=int(found[1]))
        return _of(day_.year, day_.month, day_.day, today, "serial_day")
    return _in_words(text, today)


def evidence(cells: Iterable[str], locale: str) -> Evidence:
    """Decide the order of a column of days: one number over 12 tells; where none does, the locale's is taken."""
    votes, example = {DMY: 0, MDY: 0}, ""
    for cell in cells:
        found = _NUMBERS.fullmatch(ascii_digits(cell).strip())
        if not found:
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
    """Read `3 April 1990`, `April 3, 1990`, `3-Apr-90` in the languages of lists."""
    parts = _WORDS.findall(text[:40])
    months = [month for part in parts if (month := _months().get(fold(part)))]
    numbers = [part for part in parts if part.isdecimal()]
    if len(months) != 1 or len(numbers) != 2:
        return Day("", "date", is_wrong=True)
    day, year = numbers if len(numbers[0]) <= 2 else numbers[::-1]
    if len(day) > 2 or len(year) not in (2, 4):
        return Day("", "date", is_wrong=True)
    return _with_year(year, months[0], int(day), today)


@cache
def _months() -> dict[str, int]:
    found: dict[str, int] = {}
    for code in MONTHS_OF:
        names = Locale.parse(code).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in names[form][width].items():
                    word = fold(str(name)).strip(".")
                    if word.isalpha():
                        found.setdefault(word, number)
    return found
