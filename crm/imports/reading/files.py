"""Open a file of any kind as a table."""

from __future__ import annotations

import codecs
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from pathlib import Path

from babel import UnknownLocaleError
from babel.numbers import format_decimal

from crm.imports.limits import MAX_COLUMNS, MAX_ROWS
from crm.imports.reading import archive, content, encodings, ndjson, sentences, spreadsheet, tabulate, vcard
from crm.imports.reading.delimited import DELIMITERS, TRIED, Lines, find_dialect, records
from crm.imports.reading.tables import ODD, SAMPLE, Choices, Refused, Row, Table

STRANGE_SHARE = 20
"""One in so many characters that no text has, and it is none."""

_STRANGE = {code: None for code in range(32) if code not in (9, 10, 12, 13, 27)}


@contextmanager
def open_table(path: Path, choices: Choices | None = None, *, locale: str = "en_GB") -> Iterator[Table]:
    """Read a file through once, and offer its rows as long as the context lasts; raises Refused.

    `locale` breaks ties: of the delimiter by its decimal mark, of the encoding by its language.
    """
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        yield _open(path, choices or Choices(), locale, Path(folder))


def _open(path: Path, choices: Choices, locale: str, folder: Path) -> Table:
    kind = content.kind_of(path)
    if kind in ("xlsx", "xls", "ods"):
        return _spreadsheet(path, kind, choices, folder)
    if kind == "zip":
        return _archive(path, choices, locale, folder)
    found = encodings.find(path, choices.encoding, locale.replace("-", "_").split("_")[0])
    choices = replace(choices, encoding=found.encoding)
    opened = {"csv": _delimited, "vcard": _vcard, "ndjson": _ndjson}[kind](path, choices, locale)
    notices = [*opened.notices, *([sentences.CUT_LETTERS.english()] if found.is_cut else [])]
    opened = replace(opened, notices=tuple(notices), encodings=found.offered)
    return opened if choices.mend else replace(opened, mend_offer=_mend_offer(opened))


def _mend_offer(table: Table) -> tuple[str, str] | None:
    texts = [*table.headers, *(cell for row in table.odd for cell in row.cells)]
    return encodings.mend_offer([text for text in texts if not text.isascii()])


def _delimited(path: Path, choices: Choices, locale: str) -> Table:
    def lines() -> Lines:
        return Lines(encodings.decoded(path, choices.encoding))

    first = list(islice(iter(lines()), TRIED))
    _check_text("".join(first))
    dialect = find_dialect(first, _has_decimal_comma(locale))
    if choices.delimiter in DELIMITERS:
        dialect = dialect._replace(delimiter=choices.delimiter)

    def numbered() -> Iterator[tuple[int, list[str]]]:
        return _mended(records(lines(), dialect), choices.mend)

    table = _tabled("csv", numbered, replace(choices, delimiter=dialect.delimiter))
    has_nul = any("\0" in piece for piece in encodings.decoded(path, choices.encoding))
    return replace(table, notices=(sentences.NUL_BYTES.english(),)) if has_nul else table


def _mended(numbered: Iterator[tuple[int, list[str]]], mend: bool) -> Iterator[tuple[int, list[str]]]:
    if not mend:
        return numbered
    return ((number, [encodings.mended(cell) for cell in cells]) for number, cells in numbered)


def _tabled(
    kind: str,
    numbered: Callable[[], Iterator[tuple[int, list[str]]]],
    choices: Choices,
    merged: tabulate.Merged = (),
) -> Table:
    body = tabulate.find_body(numbered, choices.header_row, merged)

    def rows() -> Iterator[Row]:
        return tabulate.rows_below(numbered(), body.header_row, len(body.headers))

    return Table(
        kind,
        body.headers,
        body.header_row,
        body.count,
        replace(choices, header_row=body.header_row),
        rows,
        skipped=body.skipped,
        odd=body.odd,
        sample=body.sample,
    )


def _spreadsheet(path: Path, kind: str, choices: Choices, folder: Path) -> Table:
    target = folder / "rows"
    book = spreadsheet.unpack(path, target, choices.sheet)
    choices = replace(choices, encoding="", delimiter="", sheet=book.sheet)
    table = _tabled(kind, lambda: spreadsheet.records(target), choices, book.merged)
    notices = (sentences.HIDDEN_SHEETS.english(),) if book.has_hidden else ()
    return replace(table, sheets=book.sheets, is_1904=book.is_1904, notices=notices)


def _vcard(path: Path, choices: Choices, locale: str) -> Table:
    is_wide = choices.encoding.startswith(("utf-16", "utf-32"))

    def cards() -> Iterator[Row]:
        if is_wide:
            lines = Lines(encodings.decoded(path, choices.encoding))
            yield from vcard.rows((line.encode() for line in lines), "utf-8")
            return
        with path.open("rb") as file:
            if not file.read(3).startswith(codecs.BOM_UTF8):
                file.seek(0)
            yield from vcard.rows(file, choices.encoding.removesuffix("-sig"))

    return _of_rows("vcard", vcard.HEADERS, lambda: _mended_rows(cards(), choices.mend), choices)


def _ndjson(path: Path, choices: Choices, locale: str) -> Table:
    def lines() -> Lines:
        return Lines(encodings.decoded(path, choices.encoding))

    headers = ndjson.headers_of(lines())
    return _of_rows("ndjson", headers, lambda: _mended_rows(ndjson.rows(lines(), headers), choices.mend), choices)


def _mended_rows(rows: Iterator[Row], mend: bool) -> Iterator[Row]:
    return (row._replace(cells=[encodings.mended(cell) for cell in row.cells]) for row in rows) if mend else rows


def _of_rows(kind: str, headers: tuple[str, ...], rows: Callable[[], Iterator[Row]], choices: Choices) -> Table:
    count = 0
    sample: list[Row] = []
    odd: list[Row] = []
    for row in rows():
        count += 1
        if count > MAX_ROWS:
            raise Refused(sentences.TOO_MANY_ROWS.english())
        if count <= SAMPLE:
            sample.append(row)
        if len(odd) < ODD and not "".join(row.cells).isascii():
            odd.append(row)
    if not count:
        raise Refused(sentences.EMPTY.english())
    choices = replace(choices, header_row=0)
    return Table(kind, headers, 0, count, choices, rows, odd=tuple(odd), sample=tuple(sample))


def _archive(path: Path, choices: Choices, locale: str, folder: Path) -> Table:
    names = archive.lists_in(path)
    chosen = [choices.sheet] if choices.sheet in names else names
    parts: list[tuple[str, Table]] = []
    for place, name in enumerate(chosen[:20]):
        target = folder / f"list-{place}"
        archive.unpack(path, name, target)
        try:
            parts.append((name, _open(target, replace(choices, sheet=""), locale, folder)))
        except Refused:
            if len(chosen) == 1:
                raise
    if not parts:
        raise Refused(sentences.ZIP_WITHOUT_LISTS.english())
    return _joined(parts, choices, names)


def _joined(parts: list[tuple[str, Table]], choices: Choices, names: list[str]) -> Table:
    """Put the lists of a ZIP below each other; columns of one name are one."""
    headers = list(dict.fromkeys(header for _, table in parts for header in table.headers))
    with_state = any(archive.state_of(name) for name, _ in parts)
    if len(headers) + with_state > MAX_COLUMNS:
        raise Refused(sentences.TOO_MANY_COLUMNS.english())

    def rows() -> Iterator[Row]:
        before = last = 0
        for name, table in parts:
            places = [headers.index(header) for header in table.headers]
            state = [archive.state_of(name)] if with_state else []
            for number, cells, problem, more in table.rows():
                row = [""] * len(headers)
                for place, cell in zip(places, cells, strict=True):
                    row[place] = row[place] or cell
                last = before + number
                yield Row(last, row + state, problem, more)
            before = last

    whole = tuple(headers + [archive.STATUS] * with_state)
    table = _of_rows("zip", whole, rows, choices)
    first = parts[0][1]
    notices = [notice for _, part in parts for notice in part.notices]
    if len(parts) > 1:
        notices.append(sentences.SEVERAL_FILES.english(names=", ".join(name for name, _ in parts)))
    # Each list has its own encoding and delimiter; only what somebody chose is of all.
    return replace(
        table,
        choices=choices,
        header_row=first.header_row,
        notices=tuple(dict.fromkeys(notices)),
        sheets=tuple(names),
        encodings=first.encodings,
    )


def _check_text(text: str) -> None:
    """Refuse what is no text at all."""
    if len(text.translate(_STRANGE)) * STRANGE_SHARE < len(text) * (STRANGE_SHARE - 1):
        raise Refused(sentences.NOT_TEXT.english())


@lru_cache(maxsize=64)
def _has_decimal_comma(locale: str) -> bool:
    try:
        return format_decimal(1.5, locale=locale.replace("-", "_"))[1:2] == ","
    except (UnknownLocaleError, ValueError):
        return False
