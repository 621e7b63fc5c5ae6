"""Formats of files: for people in their language and zone, for programs in the values of the API."""

from __future__ import annotations

import csv
import datetime as dt
import enum
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import xlsxwriter

from crm.kernel.exports import Column, Kind
from crm.values import clock, money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.spreadsheets import decimal_mark, delimiter, harmless, spaced

Row = Sequence[Any]


class Format(enum.StrEnum):
    XLSX = "xlsx"
    EXCEL_CSV = "excel_csv"
    CSV = "csv"
    NDJSON = "ndjson"
    VCARD = "vcard"
    ZIP = "zip"


class About(NamedTuple):
    label: str
    ending: str
    mimetype: str


FORMATS = {
    Format.XLSX: About(
        N_("Excel (.xlsx)"), "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
    Format.EXCEL_CSV: About(N_("CSV for Excel"), "csv", "text/csv"),
    Format.CSV: About(N_("CSV for other systems"), "csv", "text/csv"),
    Format.NDJSON: About(N_("NDJSON, for programmers"), "ndjson", "application/x-ndjson"),
    Format.VCARD: About(N_("Contacts of a phone (.vcf), customers only"), "vcf", "text/vcard"),
    Format.ZIP: About(N_("ZIP"), "zip", "application/zip"),
}
OF_LISTS = tuple(format_ for format_ in Format if format_ is not Format.ZIP)
"""Formats of rows; the other is of packs."""


class Setting(NamedTuple):
    """How an organization writes: its zone, currency and locale."""

    zone: ZoneInfo
    currency: str
    locale: str


class Sheet(NamedTuple):
    title: str
    columns: Sequence[Column]
    setting: Setting


def write(path: Path, format_: Format, sheet: Sheet, rows: Iterable[Row]) -> None:
    """Write rows, a value for each column, as they come."""
    _WRITERS[format_](path, sheet, rows)


# For programs.


def plain(column: Column, value: Any, currency: str) -> Any:
    """Return a value as the API has it, ready for JSON."""
    if value is None:
        return None
    if column.kind is Kind.MONEY:
        return money.to_json(value, currency)
    if column.kind is Kind.MOMENT:
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if column.kind is Kind.DAY else value


def _write_ndjson(path: Path, sheet: Sheet, rows: Iterable[Row]) -> None:
    names = [column.name for column in sheet.columns]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in _plain_rows(sheet, rows):
            file.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")


def _write_csv(path: Path, sheet: Sheet, rows: Iterable[Row]) -> None:
    """Write RFC 4180."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in sheet.columns])
        for row in _plain_rows(sheet, rows):
            writer.writerow([_BOOLEANS.get(value, value) if isinstance(value, bool) else value for value in row])


_BOOLEANS = {True: "true", False: "false"}


def _plain_rows(sheet: Sheet, rows: Iterable[Row]) -> Iterable[list[Any]]:
    for row in rows:
        currency = _currency(sheet, row)
        yield [plain(column, value, currency) for column, value in zip(sheet.columns, row, strict=True)]


# For people.


def _write_excel_csv(path: Path, sheet: Sheet, rows: Iterable[Row]) -> None:
    """Write what Excel opens by itself: a byte order mark, and semicolons where the comma is the decimal mark."""
    mark = decimal_mark(sheet.setting.locale)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter(sheet.setting.locale))
        writer.writerow([harmless(str(column.label)) for column in sheet.columns])
        for row in rows:
            currency = _currency(sheet, row)
            writer.writerow(
                [
                    _excel_text(column, value, currency, sheet.setting, mark)
                    for column, value in zip(sheet.columns, row, strict=True)
                ]
            )


def _excel_text(column: Column, value: Any, currency: str, setting: Setting, mark: str) -> str:
    if value is None:
        return ""
    match column.kind:
        case Kind.MONEY:
            return money.to_json(value, currency).replace(".", mark)
        case Kind.NUMBER:
            return str(value)
        case Kind.MOMENT:
            return clock.to_local(value, setting.zone).strftime("%Y-%m-%d %H:%M")
        case Kind.DAY:
            return str(value.isoformat())
        case Kind.PHONE if value:
            return spaced(value)
    return harmless(_in_words(column, value))


def _write_xlsx(path: Path, sheet: Sheet, rows: Iterable[Row]) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    with xlsxwriter.Workbook(path, options) as book:
        page = book.add_worksheet(sheet.title[:31])
        bold = book.add_format({"bold": True})
        formats = _xlsx_formats(book)
        for at, column in enumerate(sheet.columns):
            page.set_column(at, at, _WIDTHS.get(column.kind, 22))
        page.freeze_panes(1, 0)
        for at, column in enumerate(sheet.columns):
            page.write_string(0, at, str(column.label), bold)
        for line, row in enumerate(rows, 1):
            currency = _currency(sheet, row)
            for at, (column, value) in enumerate(zip(sheet.columns, row, strict=True)):
                if value is not None and value != "":
                    _write_cell(page, line, at, column, value, currency, sheet.setting, formats)


_WIDTHS = {Kind.NUMBER: 10, Kind.MONEY: 14, Kind.DAY: 12, Kind.MOMENT: 17, Kind.YES_NO: 9, Kind.PHONE: 18}
_MAX_CELL = 32_767


def _xlsx_formats(book: Any) -> Mapping[Any, Any]:
    amounts = {decimals: "#,##0" + ("." + "0" * decimals if decimals else "") for decimals in (0, 2, 3)}
    return {decimals: book.add_format({"num_format": pattern}) for decimals, pattern in amounts.items()} | {
        Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
        Kind.MOMENT: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
    }


def _write_cell(
    page: Any, line: int, at: int, column: Column, value: Any, currency: str, setting: Setting, formats: Any
) -> None:
    match column.kind:
        case Kind.MONEY:
            page.write_number(line, at, money.to_decimal(value, currency), formats[money.decimals(currency)])
        case Kind.NUMBER:
            page.write_number(line, at, value)
        case Kind.DAY:
            page.write_datetime(line, at, value, formats[Kind.DAY])
        case Kind.MOMENT:
            local = clock.to_local(value, setting.zone).replace(tzinfo=None, second=0, microsecond=0)
            page.write_datetime(line, at, local, formats[Kind.MOMENT])
        case _:
            page.write_string(line, at, _in_words(column, value)[:_MAX_CELL])


def _in_words(column: Column, value: Any) -> str:
    if column.kind is Kind.YES_NO:
        return _("Yes") if value else _("No")
    return str(column.words(value) if column.words and value != "" else value)


def _currency(sheet: Sheet, row: Row) -> str:
    at = next((at for at, column in enumerate(sheet.columns) if column.name == "currency"), None)
    return sheet.setting.currency if at is None else row[at]


# For phones.


def _write_vcards(path: Path, sheet: Sheet, rows: Iterable[Row]) -> None:
    names = [column.name for column in sheet.columns]
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in rows:
            file.write(vcard(dict(zip(names, row, strict=True))))


def vcard(person: Mapping[str, Any]) -> str:
    """Return a vCard 3.0 (RFC 2426)."""
    name = _escaped(person["name"])
    where = [_escaped(person[part]) for part in ("address", "city", "province", "postal_code")]
    numbers = dict.fromkeys([person["phone"], *_listed(person.get("phones"))])
    emails = dict.fromkeys([person["email"] or "", *_listed(person.get("emails"))])
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"FN:{name}", f"N:{name};;;;"]
    lines += [f"TEL;TYPE=CELL:{_escaped(number)}" for number in numbers if number]
    lines += [f"EMAIL;TYPE=INTERNET:{_escaped(email)}" for email in emails if email]
    if any(where):
        lines.append(f"ADR;TYPE=HOME:;;{';'.join(where)};")
    if person["birthday"]:
        # Version 3.0 knows no day without a year; phones write it as version 4.0 does.
        lines.append(f"BDAY:{person['birthday']:->{len('--02-14')}}")
    if person["notes"]:
        lines.append(f"NOTE:{_escaped(person['notes'])}")
    return "".join(_folded(line) for line in [*lines, "END:VCARD"])


def _listed(text: str | None) -> list[str]:
    return text.split(", ") if text else []


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return re.sub(r"\r\n?|\n", r"\\n", text)


def _folded(line: str) -> str:
    """Fold after 75 octets, never inside a character."""
    parts, size = [""], 0
    for char in line:
        octets = len(char.encode())
        if size + octets > 75:
            parts.append(" ")
            size = 1
        parts[-1] += char
        size += octets
    return "\r\n".join(parts) + "\r\n"


_WRITERS: dict[Format, Callable[[Path, Sheet, Iterable[Row]], None]] = {
    Format.XLSX: _write_xlsx,
    Format.EXCEL_CSV: _write_excel_csv,
    Format.CSV: _write_csv,
    Format.NDJSON: _write_ndjson,
    Format.VCARD: _write_vcards,
}
