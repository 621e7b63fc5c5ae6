"""The table that every kind of file becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

SAMPLE = 200
"""Rows by which columns are recognised."""
ODD = 20
"""Rows with letters beyond ASCII, to see the encoding by."""


class Refused(Exception):  # noqa: N818 - not an error of the program: the message is a sentence for people.
    """The file can't be read; the message is a stored sentence."""


@dataclass(frozen=True)
class Choices:
    """How a file is read; what is blank is found.

    `sheet` is a sheet of a spreadsheet or a file of a ZIP, `header_row` 0 for none, and `mend` undoes letters that were
    read in a wrong encoding once before (`JosÃ©`).
    """

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int | None = None
    mend: bool = False


class Row(NamedTuple):
    """A row with its number in a spreadsheet, and the sentence why it can't be read.

    cells: one for each header. more: those that stand beyond.
    """

    number: int
    cells: list[str]
    problem: str = ""
    more: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """A file that was read through to its end once.

    kind: csv, xlsx, xls, ods, zip, vcard, ndjson. choices: the ones made. notices: sentences about the file. skipped:
    lines above the header. encodings, sheets: what else may be chosen. odd: rows to see the encoding by. mend_offer: a
    word now, and mended.
    """

    kind: str
    headers: tuple[str, ...]
    header_row: int
    count: int
    choices: Choices
    rows: Callable[[], Iterator[Row]]
    notices: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    odd: tuple[Row, ...] = ()
    mend_offer: tuple[str, str] | None = None
    is_1904: bool = False
    sample: tuple[Row, ...] = field(default=())
