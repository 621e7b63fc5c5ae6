"""Lines of text become records: the delimiter, and quotation marks that are never closed."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crm.imports.limits import MAX_CELL, MAX_COLUMNS
from crm.imports.reading import sentences
from crm.imports.reading.tables import Refused

DELIMITERS = (",", ";", "\t", "|")
TRIED = 200
"""Records by which the delimiter is found."""
MAX_LINES = 20
"""Lines of one record: more, and a quotation mark was never closed."""
EMPTY_CELLS = 0.2
FULL = 50
"""Cells of a column that show what it is of."""

_DATA = re.compile(
    r"[^@\s]{1,64}@[^@\s]{1,255}\.[a-z]{2,}"  # an e-mail
    r"|\+?[\d(][\d ()./-]{5,20}\d"  # a phone, or a date
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}",
    re.IGNORECASE,
)
_SEP = re.compile(r"\"?sep=(.)\"?\s*", re.IGNORECASE)
_END = re.compile(r"\r\n|\r|\n")

csv.field_size_limit(MAX_CELL)


class Lines:
    """Lines of pieces of text, without empty bytes; a carriage return alone ends one, too."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[str]:
        rest, first = "", True
        for piece in self._pieces:
            if first:
                piece, first = piece.removeprefix("\ufeff"), not piece
            text = rest + piece.replace("\0", "")
            # A `\r` at the end may be half of a line's end.
            held = text.endswith("\r")
            lines = _split(text[:-1] if held else text)
            rest = lines.pop() + ("\r" if held else "")
            yield from lines
            if len(rest) > MAX_CELL * MAX_COLUMNS:
                raise Refused(sentences.NOT_TEXT.english())
        if rest:
            yield from (line for line in _split(rest) if line)


def _split(text: str) -> list[str]:
    """Return the lines with their ends, the last one without."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + [lines[-1]]


class Dialect(NamedTuple):
    """has_sep: the first line only says the delimiter. escape: the sign before a quotation mark within quotes."""

    delimiter: str
    has_sep: bool = False
    escape: str | None = None


def find_dialect(lines: list[str], decimal_comma: bool) -> Dialect:
    """Return the delimiter of which the first lines make the best table."""
    if lines and (said := _SEP.fullmatch(lines[0])):
        return Dialect(said[1], has_sep=True)
    scores = {delimiter: _score(lines, delimiter) for delimiter in DELIMITERS}
    # A decimal comma makes the semicolon the list's sign.
    tie = (";", ",") if decimal_comma else (",", ";")
    order = [*tie, "\t", "|"]
    best = max(order, key=lambda delimiter: (round(scores[delimiter], 3), -order.index(delimiter)))
    # Databases write a backslash where spreadsheets double the quotation mark.
    is_escaped = any('\\"' in line for line in lines) and _score(lines, best, "\\") > scores[best]
    return Dialect(best, escape="\\" if is_escaped else None)


def records(lines: Iterable[str], dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    """Yield numbers and cells, as a spreadsheet counts them; raises Refused."""
    read: list[str] = []
    reader = csv.reader(
        _kept(lines, read),
        delimiter=dialect.delimiter,
        escapechar=dialect.escape,
        doublequote=True,
        skipinitialspace=True,
    )
    last: list[str] = []
    begin = line = 0
    number = 0
    try:
        for cells in reader:
            last = read[:]
            read.clear()
            begin, line = line + 1, reader.line_num
            if line - begin >= MAX_LINES:
                raise Refused(sentences.NEVER_CLOSED.english(line=begin))
            number += 1
            if dialect.has_sep and number == 1:
                continue
            if len(cells) > MAX_COLUMNS:
                while cells and not cells[-1]:
                    cells.pop()
                if len(cells) > MAX_COLUMNS:
                    raise Refused(sentences.TOO_MANY_COLUMNS.english())
            yield number, cells
    except csv.Error:
        if "".join(read).count('"') % 2:
            raise Refused(sentences.NEVER_CLOSED.english(line=line + 1)) from None
        raise Refused(sentences.TOO_LONG_CELL.english(row=number + 1)) from None
    if last and _is_open(last, dialect):
        raise Refused(sentences.NEVER_CLOSED.english(line=begin))


def _kept(lines: Iterable[str], read: list[str]) -> Iterator[str]:
    """Pass lines on, and keep them in `read`."""
    for line in lines:
        read.append(line)
        yield line


def _is_open(record: list[str], dialect: Dialect) -> bool:
    """Whether a quotation mark of the last record is never closed: the reader takes the rest for its cell."""
    try:
        list(
            csv.reader(
                record, delimiter=dialect.delimiter, escapechar=dialect.escape, skipinitialspace=True, strict=True
            )
        )
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _score(lines: list[str], delimiter: str, escape: str | None = None) -> float:
    """Return how many records have the usual width, and how many columns hold phones, e-mails or dates."""
    found: list[list[str]] = []
    try:
        for cells in csv.reader(iter(lines), delimiter=delimiter, escapechar=escape, skipinitialspace=True):
            if any(cells):
                found.append(cells)
    except csv.Error:
        return -1.0
    if not found:
        return EMPTY_CELLS
    widths = Counter(map(len, found))
    # A title above the table has one cell; the usual width is of those with more.
    several = {width: many for width, many in widths.items() if width > 1}
    if not several:
        return 0.1
    modal = max(several, key=lambda width: (several[width], width))
    same = several[modal] / sum(several.values()) * (1 - widths[1] / sum(widths.values()) * 0.7)
    unquoted = sum(1 for cells in found for cell in cells if cell.count('"') % 2)
    return same + _share_of_data([cells for cells in found if len(cells) == modal]) - unquoted / len(found)


def _share_of_data(found: list[list[str]]) -> float:
    columns = list(zip(*found[:FULL], strict=True))
    if not columns:
        return 0.0
    data = 0
    for column in columns:
        filled = [cell.strip() for cell in column[1:] if cell.strip()]
        data += bool(filled) and sum(1 for cell in filled if _DATA.fullmatch(cell[:300])) * 2 > len(filled)
    return data / len(columns)


def looks_like_data(cell: str) -> bool:
    return _DATA.fullmatch(cell.strip()[:300]) is not None
