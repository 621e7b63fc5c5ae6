"""Texts in a CSV file that a spreadsheet opens: never run as a formula, and with all their digits."""

from __future__ import annotations

import re

import phonenumbers
from babel import Locale

_FORMULA = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
"""The last four are full-width."""
_LOSES_DIGITS = re.compile(r"\+\d{7,}|[+-]?(?:0\d+|\d{12,})|\d+[eE][+-]?\d+|\d\d-\d\d", re.ASCII)
"""Phone numbers, numbers that a spreadsheet shows as 6.28E+12 and saves so, those that it takes for such, and birthdays
without a year, which would get the present one."""
_NUMBER = re.compile(r"[+-]?\d{1,15}(?:[.,]\d{1,15})?|\+\d{1,3} \d[\d -]{0,30}", re.ASCII)
"""The second one is of a phone: with a space in it, it is a text."""


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula (CWE-1236), nor for a number where digits would be lost.

    A plain number stays, and that of a phone with spaces. The import takes off again what is added here.
    """
    if _LOSES_DIGITS.fullmatch(text):
        return f'="{text}"'
    if text[:1] and text[0] in _FORMULA and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def spaced(number: str) -> str:
    """Return an E.164 number with spaces, so that a spreadsheet keeps it as a text; others harmless."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return f"'{number}" if number[0] == "+" else harmless(number)
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    return shown if " " in shown else f"+{parsed.country_code} {parsed.national_number}"


def decimal_mark(locale: str) -> str:
    return str(Locale.parse(locale.replace("-", "_")).number_symbols["latn"]["decimal"])


def delimiter(locale: str) -> str:
    """Return what Excel expects between columns: a semicolon where the comma is the decimal mark."""
    return ";" if decimal_mark(locale) == "," else ","
