"""The rows that were not taken in, as a file that can be corrected and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from crm.accounts.queries import current_organization
from crm.imports import queries
from crm.imports.models import Import
from crm.values import spreadsheets
from crm.values.stored import shown

REASON = "Reason"
BOM = "\ufeff"
"""So that Excel reads UTF-8, which has all letters of the file, whatever its own encoding was."""


def as_csv(row: Import) -> Iterator[str]:
    """Write the columns and the delimiter of the file, all cells of a row that has too many, and last the reason."""
    line = _writer(row.choices.get("delimiter") or spreadsheets.delimiter(current_organization().locale))
    widths = (len(each.cells) for each in queries.failed_rows(row.id))
    width = max(len(row.headers), *widths, 0)
    yield BOM + line([*_as_wide(row.headers, width), REASON])
    for each in queries.failed_rows(row.id):
        yield line([*_as_wide(each.cells, width), shown(each.reason)])


def _as_wide(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _writer(delimiter: str) -> Callable[[Sequence[str]], str]:
    def line(cells: Sequence[str]) -> str:
        text = io.StringIO()
        csv.writer(text, delimiter=delimiter).writerow(map(spreadsheets.harmless, cells))
        return text.getvalue()

    return line
