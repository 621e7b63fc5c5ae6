"""The process that reads a spreadsheet: `python spreadsheet_process.py SOURCE TARGET SHEET`, started by `spreadsheet`.

It has no secrets and no connections, and limits and isolates itself before it reads the file: the library ends its
process on some files of a kilobyte. TARGET gets a line of JSON about the workbook, a line `[number, [cells]]` for each
row that isn't empty, and a last line `{"end": true}`. A file that is refused is answered with `{"reason": code}`.
"""

from __future__ import annotations

import codecs
import datetime as dt
import errno
import io
import json
import re
import sys
import types
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

# Empty packages, because the real ones would load the web application.
for name in ("crm", "crm.kernel", "crm.kernel.sandbox", "crm.imports", "crm.imports.reading"):
    package = types.ModuleType(name)
    package.__path__ = [str(Path(__file__).resolve().parents[3].joinpath(*name.split(".")))]
    sys.modules.setdefault(name, package)

import python_calamine as calamine  # noqa: E402 - needs the stand-ins.

from crm.imports.limits import MAX_BYTES, MAX_CELL, MAX_COLUMNS, MAX_ROWS  # noqa: E402
from crm.kernel.sandbox import isolation, limits  # noqa: E402

CPU_SECONDS = 30
TIMEOUT_SECONDS = 240
"""Wall clock, for a busy machine."""
OUTPUT = 400 * 1024 * 1024
HEAD = 60
"""Rows in which headers and their merged cells are looked for."""
LONGEST_EXACT = 1e22

Cells = list[str]


class Stopped(Exception):  # noqa: N818 - a limit, not an error of the program
    """The file is over a limit; the message is its code."""


def main(source: Path, target: Path, sheet: str) -> None:
    limits.set_limits(CPU_SECONDS, TIMEOUT_SECONDS, OUTPUT)
    answer: dict[str, object] = {}
    try:
        with source.open("rb") as file, target.open("w+b") as out:
            # Names in a ZIP are read by it; nothing can be loaded any more after the next line.
            codecs.lookup("cp437")
            isolation.isolate()
            content = file.read(MAX_BYTES + 1)
            write(content, sheet, io.BufferedWriter(out, 1 << 20))
    except Stopped as stopped:
        answer = {"reason": str(stopped)}
    except calamine.PasswordError:
        answer = {"reason": "password"}
    except MemoryError:
        answer = {"reason": "memory"}
    except OSError as error:
        answer = {"reason": "memory" if error.errno == errno.EFBIG else "damaged"}
    except (calamine.CalamineError, calamine.ZipError, calamine.XmlError, calamine.WorksheetNotFound, ValueError):
        answer = {"reason": "damaged"}
    sys.stdout.write(json.dumps(answer))


def write(content: bytes, wanted: str, out: BinaryIO) -> None:
    book = calamine.load_workbook(io.BytesIO(content))
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == calamine.SheetTypeEnum.WorkSheet]
    visible = [sheet.name for sheet in sheets if sheet.visible == calamine.SheetVisibleEnum.Visible]
    names = visible or [sheet.name for sheet in sheets]
    chosen, sheet = _choose(book, [wanted] if wanted in names else names)
    if sheet is None:
        raise Stopped("empty")
    about = {
        "sheets": names[:MAX_COLUMNS],
        "sheet": chosen,
        "hidden": len(sheets) - len(visible),
        "is_1904": _is_1904(content),
        "merged": _merged(sheet),
    }
    out.write(json.dumps(about).encode() + b"\n")
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for number, cells in _rows(sheet):
        out.write(encode([number, cells]).encode("utf-8", "surrogatepass") + b"\n")
    out.write(b'{"end": true}\n')
    out.flush()


def _choose(book: Any, names: list[str]) -> tuple[str, Any]:
    """Return the first sheet with anything in it."""
    for name in names:
        sheet = book.get_sheet_by_name(name)
        if sheet.start is not None and sheet.height and sheet.width:
            return name, sheet
    return "", None


def _rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    left = sheet.start[1]
    if left >= MAX_COLUMNS:
        raise Stopped("columns")
    count, before = 0, [""] * left
    # The library gives the empty rows before the first one, but no empty columns before the first one.
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = before + [cell if type(cell) is str else TEXTS.get(type(cell), str)(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        count += 1
        if count > MAX_ROWS + HEAD:
            raise Stopped("rows")
        if len(cells) > MAX_COLUMNS:
            raise Stopped("columns")
        if max(map(len, cells)) > MAX_CELL:
            raise Stopped(f"cell {number}")
        yield number, cells


def _number(value: float) -> str:
    """Return all digits: `6281234567890`, never `6.28E+12`."""
    if value.is_integer() and abs(value) < LONGEST_EXACT:
        return f"{value:.0f}"
    return repr(value)


def _moment(value: dt.datetime) -> str:
    if value.time() == dt.time():
        return value.date().isoformat()
    return value.replace(microsecond=0).isoformat(" ")


TEXTS: dict[type, Callable[[Any], str]] = {
    float: _number,
    bool: lambda value: "TRUE" if value else "FALSE",
    dt.datetime: _moment,
    dt.date: dt.date.isoformat,
    dt.time: dt.time.isoformat,
}


def _merged(sheet: Any) -> list[list[int]]:
    """Return the merged cells that may be of headers: first row, first column, last row, last column, from 0."""
    try:
        found = sheet.merged_cell_ranges or []
    except (calamine.CalamineError, ValueError):
        found = []
    return [[*begin, *end] for begin, end in found if begin[0] < HEAD][: 10 * MAX_COLUMNS]


def _is_1904(content: bytes) -> bool:
    """Whether days are counted from 1904, as Excel for the Macintosh did."""
    if not content.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            part = next((name for name in book.namelist() if name.lower().endswith("xl/workbook.xml")), None)
            head = book.open(part).read(1 << 20) if part else b""
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return False
    return re.search(rb"\bdate1904\s{0,9}=\s{0,9}[\"'](?:1|true|on)[\"']", head) is not None


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
