"""Turn a spreadsheet into lines of rows, in a process of its own."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from crm.imports.limits import MAX_CELL, MAX_COLUMNS
from crm.imports.reading import sentences
from crm.imports.reading.tables import Refused
from crm.kernel.sandbox import child

READ_PROCESS = Path(__file__).with_name("spreadsheet_process.py")
TIMEOUT_SECONDS = 250
"""Longer than the process gives itself, for one that can't end itself."""
LONGEST_LINE = MAX_COLUMNS * MAX_CELL
REASONS = {
    "password": sentences.PASSWORD,
    "memory": sentences.TOO_COMPLEX,
    "damaged": sentences.UNREADABLE,
    "empty": sentences.EMPTY,
    "rows": sentences.TOO_MANY_ROWS,
    "columns": sentences.TOO_MANY_COLUMNS,
}

log = logging.getLogger(__name__)


class Book(NamedTuple):
    """merged: cells of headers that are one, by (first row, first column, last row, last column), from 0."""

    sheets: tuple[str, ...]
    sheet: str
    has_hidden: bool
    is_1904: bool
    merged: tuple[tuple[int, int, int, int], ...]


def unpack(source: Path, target: Path, sheet: str) -> Book:
    """Write the rows of a sheet to `target`; raises Refused."""
    try:
        with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
            arguments = [str(source.absolute()), str(target.absolute()), sheet]
            code = child.run(READ_PROCESS, arguments, stdout, stderr, timeout_seconds=TIMEOUT_SECONDS)
            _check_end(code, child.start_of(stdout), child.start_of(stderr))
    except OSError:
        log.exception("reading of a spreadsheet not started")
        raise Refused(sentences.INTERRUPTED.english()) from None
    with target.open("rb") as file:
        return _book(_parsed(file))


def records(target: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield numbers and cells, as far as they make sense: a malicious file may have written them."""
    with target.open("rb") as file:
        _parsed(file)
        last = 0
        while True:
            row = _parsed(file)
            if isinstance(row, dict):
                return
            if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], int) and isinstance(row[1], list)):
                raise Refused(sentences.UNREADABLE.english())
            number, cells = row
            if number <= last or len(cells) > MAX_COLUMNS or not all(type(cell) is str for cell in cells):
                raise Refused(sentences.UNREADABLE.english())
            last = number
            yield number, cells


def _check_end(code: int | None, stdout: bytes, stderr: bytes) -> None:
    if code == 0:
        answer = _loaded(stdout)
        if answer == {}:
            return
        reason, _, number = str(answer.get("reason") if isinstance(answer, dict) else "").partition(" ")
        if reason == "cell" and number.isdecimal():
            raise Refused(sentences.TOO_LONG_CELL.english(row=number))
        raise Refused(REASONS.get(reason, sentences.UNREADABLE).english())
    log.warning("reading of a spreadsheet ended with %s: %s", code, stderr.decode(errors="replace"))
    if code is None or -code in child.ENDED_BY_TIME or b"memory allocation" in stderr:
        raise Refused(sentences.TOO_COMPLEX.english())
    if -code in child.ENDED_BY_US:
        raise Refused(sentences.INTERRUPTED.english())
    raise Refused(sentences.UNREADABLE.english())


def _parsed(file: IO[bytes]) -> Any:
    line = file.readline(LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise Refused(sentences.UNREADABLE.english())
    return _loaded(line)


def _loaded(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise Refused(sentences.UNREADABLE.english()) from None


def _book(about: Any) -> Book:
    try:
        merged = tuple((int(top), int(left), int(low), int(right)) for top, left, low, right in about["merged"])
        sheets = tuple(str(name) for name in about["sheets"])
        return Book(sheets, str(about["sheet"]), bool(about["hidden"]), bool(about["is_1904"]), merged)
    except (KeyError, TypeError, ValueError):
        raise Refused(sentences.UNREADABLE.english()) from None
