"""The rows that were not taken in, as a file that can be corrected and imported again."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from crm.imports import queries
from crm.imports.models import Import
from crm.values.stored import shown

REASON = "Reason"
BOM = "\ufeff"
"""So that Excel reads UTF-8."""

_FORMULA = re.compile("[=+@\t\r\uff1d\uff0b\uff0d\uff20-]")
"""What begins a formula, also in its full width."""

_NUMBER = re.compile(r"[+\-]?[0-9][0-9 .,]*")


def as_csv(row: Import) -> Iterator[str]:
    """Write the columns in their order, and the reason; a spreadsheet takes no cell for a formula."""
    yield BOM + _line([*(header or f"Column {at}" for at, header in enumerate(row.headers, 1)), REASON])
    for each in queries.failed_rows(row.id):
        yield _line([*each.cells, shown(each.reason)])


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(map(_guarded, cells))
    return line.getvalue()


def _guarded(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell) else cell
