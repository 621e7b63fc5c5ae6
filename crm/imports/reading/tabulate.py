"""Numbered records become a table: the header, the rows below it, and what was skipped above."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from crm.imports.limits import MAX_COLUMNS, MAX_ROWS
from crm.imports.reading import sentences
from crm.imports.reading.delimited import looks_like_data
from crm.imports.reading.tables import ODD, SAMPLE, Refused, Row
from crm.imports.synonyms import field_of

Record = tuple[int, list[str]]
Merged = tuple[tuple[int, int, int, int], ...]

LOOKED_AT = 60
"""Records in which the header is looked for."""
MAX_SKIPPED = 20


@dataclass(frozen=True)
class Body:
    """A header and what is below it."""

    headers: tuple[str, ...]
    header_row: int
    skipped: tuple[str, ...]
    count: int
    sample: tuple[Row, ...]
    odd: tuple[Row, ...]


def find_body(records: Callable[[], Iterator[Record]], header_row: int | None, merged: Merged = ()) -> Body:
    """Read all records once; raises Refused."""
    head = [(number, cells) for number, cells in islice(records(), SAMPLE) if any(map(str.strip, cells))]
    if not head:
        raise Refused(sentences.EMPTY.english())
    if header_row is None:
        header_row = _find_header(head)
    above = [(number, cells) for number, cells in head if number < header_row]
    if header_row > head[-1][0]:
        later = ((number, cells) for number, cells in records() if number >= header_row)
        head = list(islice(later, SAMPLE))
    own = next((cells for number, cells in head if number == header_row), [])
    found = _headers(own, [cells for number, cells in head if number > header_row])
    headers = _filled(found, header_row, above, merged)
    count = 0
    sample: list[Row] = []
    odd: list[Row] = []
    for row in rows_below(records(), header_row, len(headers)):
        count += 1
        if count > MAX_ROWS:
            raise Refused(sentences.TOO_MANY_ROWS.english())
        if count <= SAMPLE:
            sample.append(row)
        if len(odd) < ODD and not "".join(row.cells).isascii():
            odd.append(row)
    if not count:
        raise Refused(sentences.NO_ROWS.english())
    skipped = tuple(" ".join(filter(None, map(str.strip, cells)))[:200] for _, cells in above[:MAX_SKIPPED])
    return Body(headers, header_row, skipped, count, tuple(sample), tuple(odd))


def rows_below(records: Iterable[Record], header_row: int, width: int) -> Iterator[Row]:
    """Yield rows that are not blank, with as many cells as there are headers."""
    for number, cells in records:
        if number <= header_row:
            continue
        size = len(cells)
        if size < width:
            cells = cells + [""] * (width - size)
        elif size > width:
            if any(map(str.strip, cells[width:])):
                yield Row(number, cells[:width], sentences.TOO_MANY_CELLS.english(), cells[width:])
                continue
            cells = cells[:width]
        if any(cells) and any(map(str.strip, cells)):
            yield Row(number, cells)


def _find_header(head: list[Record]) -> int:
    """Return the number of the header's row; 0 where the first row is a customer already."""
    looked = [(number, [cell.strip() for cell in cells]) for number, cells in head[:LOOKED_AT]]
    usual = _usual_width([cells for _, cells in head])
    for number, cells in looked:
        filled = [cell for cell in cells if cell]
        known = sum(1 for cell in filled if field_of(cell))
        # A title like "Customers" is a known word, but stands alone.
        if known and (len(filled) > 1 or usual == 1) and not any(map(looks_like_data, filled)):
            return number
    for number, cells in looked:
        filled = [cell for cell in cells if cell]
        if any(map(looks_like_data, filled)):
            return 0
        if 5 * len(filled) >= 4 * usual:
            return number
    return 0


def _usual_width(rows: list[list[str]]) -> int:
    widths = Counter(sum(1 for cell in cells if cell.strip()) for cells in rows)
    return max(widths, key=lambda width: (widths[width], width))


def _headers(own: list[str], below: list[list[str]]) -> list[str]:
    """Return the headers, with nameless columns where most rows are wider."""
    headers = [" ".join(cell.split()) for cell in own]
    while headers and not headers[-1]:
        headers.pop()
    wider = [size for cells in below if (size := _used(cells)) > len(headers)]
    if not headers:
        headers = [""] * max(wider, default=0)
    elif 2 * len(wider) > len(below):
        headers += [""] * (statistics.mode(wider) - len(headers))
    if len(headers) > MAX_COLUMNS:
        raise Refused(sentences.TOO_MANY_COLUMNS.english())
    return headers


def _used(cells: list[str]) -> int:
    return next((place for place in range(len(cells), 0, -1) if cells[place - 1].strip()), 0)


def _filled(headers: list[str], header_row: int, above: list[Record], merged: Merged) -> tuple[str, ...]:
    """Fill a header that is merged with cells above it."""
    by_number = dict(above)
    for top, left, low, right in merged:
        if not top + 1 <= header_row <= low + 1:
            continue
        row = by_number.get(top + 1, [])
        text = headers[left] if top + 1 == header_row and left < len(headers) else "".join(row[left : left + 1])
        for column in range(left, min(right + 1, len(headers))):
            headers[column] = headers[column] or " ".join(text.split())
    return tuple(headers)
