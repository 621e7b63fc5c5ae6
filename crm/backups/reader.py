"""Reading an archive that anybody may have made: nothing in it is believed before it is checked."""

from __future__ import annotations

import array
import bisect
import hashlib
import io
import json
import math
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from crm.accounts.rules import parse_setting
from crm.backups.rules import (
    FILES,
    FOLDERS,
    MANIFEST,
    MEMBER,
    README,
    ArchiveError,
    Contents,
    TableContents,
    read_manifest,
)
from crm.backups.snapshot import Row, archived_tables
from crm.backups.values import MOST, from_json
from crm.backups.writer import is_written
from crm.kernel.data import ORGANIZATIONS
from crm.kernel.manifest import catalog
from crm.kernel.roles import Role

MANIFEST_BYTES, LINE_BYTES = 4 * 1024 * 1024, 16 * 1024 * 1024
TIGHTEST, SMALL = 200, 1024 * 1024
"""How many times smaller than its content a member may be packed, and up to which size nobody asks."""

MEMBERSHIPS = "memberships"
SETTINGS = ("time_zone", "currency", "phone_region", "locale", "language")
"""Columns of organizations whose words every page needs."""

BASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
CHUNK = 256 * 1024
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open an archive whose names are safe and whose manifest is sound; raises ArchiveError."""
    try:
        file = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise ArchiveError(f"There is no file {path}.") from None
    except DAMAGED:
        raise ArchiveError(f"{path.name} is no archive, or it is cut off: it can't be opened as a ZIP file.") from None
    with file:
        yield Archive(file)


class Archive:
    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._members = _safe_members(file)
        if MANIFEST not in self._members:
            raise ArchiveError("This is not an archive of this CRM: it has no manifest.json.")
        self.contents: Contents = read_manifest(self._manifest())
        self.tables = {table.name: table for table in archived_tables()}
        self._check_members()

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of a table as the database takes them, by id; raises ArchiveError at the first wrong one."""
        if name not in self.contents.tables:
            return  # an archive of before there was such a table
        table, declared = self.tables[name], catalog().data[name]
        columns = self.contents.tables[name].columns
        known = {
            column.name: base_name
            if column.name in declared.files
            else from_json(column, signed=column.name in declared.signed.split())
            for column in table.columns
            if column.name in columns and is_written(declared, column.name)
        }
        last = 0
        for number, row in enumerate(self._lines(f"data/{name}.ndjson", self.contents.tables[name]), 1):
            read = _read_row(name, number, row, known)
            if not last < read.get("id", 0) <= max(last, self.contents.tables[name].last_id):
                raise ArchiveError(f"Row {number} of {name} has an id that is missing, too high, or not in order.")
            last = read["id"]
            yield read

    def files(self) -> Iterator[Row]:
        """Yield the lines of the list of files."""
        for number, line in enumerate(self._lines(FILES, self.contents.files.list), 1):
            is_whole = isinstance(line, dict) and isinstance(line.get("id"), int)
            declared = catalog().data.get(str(line.get("table"))) if is_whole else None
            if declared is None or line.get("column") not in declared.files:
                raise ArchiveError(f"Line {number} of {FILES} names no file of this version.")
            if not BASE_NAME.fullmatch(str(line.get("name"))):
                raise ArchiveError(f"Line {number} of {FILES} has no name of a file.")
            if "sha256" in line and f"files/{line['sha256']}" not in self._members:
                raise ArchiveError(f"Line {number} of {FILES} names a file that the archive doesn't have.")
            yield line

    def chunks(self, digest: str) -> Iterator[bytes]:
        """Yield the content of a file; raises ArchiveError at the end when it isn't what its name says."""
        found = hashlib.sha256()
        for chunk in self._chunks(f"files/{digest}"):
            found.update(chunk)
            yield chunk
        if found.hexdigest() != digest:
            raise ArchiveError(f"The file {digest[:12]}… in the archive was changed: its hash is another.")

    def digests(self) -> Iterator[str]:
        return (name.partition("/")[2] for name in self._members if name.startswith("files/"))

    def check_people(self) -> None:
        """Read what is there for people alone, and compare it with the manifest."""
        for _chunk in self._chunks(README):
            pass
        for name, wanted in self.contents.people.items():
            found, size = hashlib.sha256(), 0
            for chunk in self._chunks(f"people/{name}.csv"):
                found.update(chunk)
                size += len(chunk)
            if (size, found.hexdigest()) != (wanted.bytes, wanted.sha256):
                raise ArchiveError(f"people/{name}.csv was changed: its hash is another.")

    def _manifest(self) -> Any:
        if self._members[MANIFEST].file_size > MANIFEST_BYTES:
            raise ArchiveError("The archive's manifest is too large.")
        try:
            return _parse(b"".join(self._chunks(MANIFEST)))
        except ValueError:
            raise ArchiveError("The archive's manifest is damaged: it is no JSON.") from None

    def _check_members(self) -> None:
        """Compare the members with the manifest, and the manifest with what this version knows."""
        contents = self.contents
        unknown = sorted(contents.tables.keys() - self.tables.keys())
        unknown += sorted(
            f"{name}.{column}"
            for name, table in contents.tables.items()
            if name in self.tables
            for column in set(table.columns) - set(self.tables[name].columns.keys())
        )
        if unknown:
            raise ArchiveError(
                f"The archive has what this version doesn't know: {', '.join(unknown[:5])}. It was made by version "
                f"{contents.app_version} ({contents.migration}): install that one or a later one, then restore it."
            )
        self._check_columns()
        named = {f"data/{name}.ndjson" for name in contents.tables} | {f"people/{name}.csv" for name in contents.people}
        there = {name for name in self._members if name.startswith(("data/", "people/"))}
        if missing := sorted({*named, FILES} - self._members.keys()):
            raise ArchiveError(f"The archive is incomplete: {missing[0]} is missing.")
        if extra := sorted(there - named):
            raise ArchiveError(f"The archive has {extra[0]}, which its manifest doesn't name.")

    def _check_columns(self) -> None:
        """Refuse a table without a column that every row needs; later columns have defaults."""
        for name, there in self.contents.tables.items():
            declared = catalog().data[name]
            for column in self.tables[name].columns:
                has_default = column.nullable or column.default is not None or column.server_default is not None
                if is_written(declared, column.name) and not has_default and column.name not in there.columns:
                    raise ArchiveError(f"The archive is incomplete: {name} has no {column.name}.")

    def _lines(self, name: str, wanted: TableContents) -> Iterator[Any]:
        """Yield the values of a member's lines, and compare it with the manifest at its end."""
        digest, size, count = hashlib.sha256(), 0, 0
        changed = ArchiveError(f"{name} was changed or is damaged: it isn't what the manifest says.")
        with self._open(name) as member, io.BufferedReader(member, CHUNK) as lines:  # type: ignore[type-var]  # readable
            while line := _next_line(lines, name):
                digest.update(line)
                size, count = size + len(line), count + 1
                if size > wanted.bytes or count > wanted.rows:
                    raise changed
                try:
                    yield _parse(line, _whole)
                except ValueError as error:
                    why = "it is no JSON" if isinstance(error, json.JSONDecodeError | UnicodeError) else str(error)
                    raise ArchiveError(f"Line {count} of {name} is damaged: {why}.") from None
        if (count, size, digest.hexdigest()) != (wanted.rows, wanted.bytes, wanted.sha256):
            raise changed

    def _chunks(self, name: str) -> Iterator[bytes]:
        with self._open(name) as member:
            while chunk := _read(member, name):
                yield chunk

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        if name not in self._members:
            raise ArchiveError(f"The archive is incomplete: {name} is missing.")
        try:
            member = self._file.open(self._members[name])
        except DAMAGED:
            raise ArchiveError(f"{name} in the archive is damaged.") from None
        with member:
            yield member


class _Ids:
    """Ids in their order, in eight bytes each."""

    def __init__(self) -> None:
        self._ids = array.array("q")

    def add(self, id_: int) -> None:
        self._ids.append(id_)

    def __contains__(self, id_: int) -> bool:
        place = bisect.bisect_left(self._ids, id_)
        return place < len(self._ids) and self._ids[place] == id_

    def __len__(self) -> int:
        return len(self._ids)


def check(archive: Archive) -> None:
    """Read all of an archive: hashes, values, and that every reference leads to a row; raises ArchiveError."""
    ids: dict[str, _Ids] = {}
    for name, table in archive.tables.items():
        pointers = _pointers(table)
        mine = ids[name] = _Ids()
        open_: set[int] = set()
        leads_to = _own_pointers(name)
        organization_id = archive.contents.organization["id"]
        for number, row in enumerate(archive.rows(name), 1):
            mine.add(row["id"])
            if row.get("organization_id", organization_id) != organization_id:
                raise ArchiveError(f"Row {number} of {name} is of another organization.")
            _check_words(name, number, row)
            for column, by_id in leads_to.items():
                if row.get(column) is not None:
                    by_id[row["id"]] = row[column]
            for column, target in pointers:
                value = row.get(column)
                if value is None or (target in ids and value in ids[target]):
                    continue
                if target != name:
                    raise ArchiveError(f"Row {number} of {name} points to a row of {target} that isn't there.")
                open_.add(value)
        if lost := [id_ for id_ in open_ if id_ not in mine]:
            raise ArchiveError(f"A row of {name} points to its row {min(lost)}, which isn't there.")
        for column, by_id in leads_to.items():
            if (id_ := _in_a_circle(by_id)) is not None:
                raise ArchiveError(f"{column} of row {id_} of {name} leads back to itself: nobody could follow it.")
    if len(ids["organizations"]) != 1 or archive.contents.organization["id"] not in ids["organizations"]:
        raise ArchiveError("The archive is not of one organization.")
    for digest in archive.digests():
        for _chunk in archive.chunks(digest):
            pass
    for entry in archive.files():
        if entry["id"] not in ids[entry["table"]]:
            raise ArchiveError(f"A file belongs to row {entry['id']} of {entry['table']}, which isn't there.")
    archive.check_people()


def _own_pointers(name: str) -> dict[str, dict[int, int]]:
    """Return the columns that lead to rows of the same table, with nothing read yet."""
    return {column: {} for column, target in catalog().data[name].points_to.items() if target == name}


def _in_a_circle(leads_to: dict[int, int]) -> int | None:
    """Return an id from which one comes back to it, as of a customer who is merged into themselves; None without."""
    followed: set[int] = set()
    for start in leads_to:
        here, passed = start, set()
        while here in leads_to and here not in followed:
            if here in passed:
                return here
            passed.add(here)
            here = leads_to[here]
        followed |= passed
    return None


def _check_words(name: str, number: int, row: Row) -> None:
    """Refuse words that no page could be shown with."""
    try:
        for key in SETTINGS if name == ORGANIZATIONS else ():
            if key in row:
                parse_setting(key, row[key])
        if name == MEMBERSHIPS:
            Role.named(row["role"])
    except ValueError as error:
        raise ArchiveError(f"Row {number} of {name} can't be: {error}") from None


def _pointers(table: sa.Table) -> list[tuple[str, str]]:
    """Return the columns with foreign keys to other rows of an archive, and their tables."""
    found = catalog().data[table.name].points_to
    return [
        (column.name, found[column.name]) for column in table.columns if column.foreign_keys and column.name in found
    ]


def _read_row(name: str, number: int, row: Any, known: dict[str, Any]) -> Row:
    if not isinstance(row, dict) or len(row) != len(known):
        raise ArchiveError(f"Row {number} of {name} doesn't have the columns that the manifest names.")
    read = {}
    for column, value in row.items():
        convert = known.get(column)
        if convert is None:
            raise ArchiveError(f"Row {number} of {name} has a column {column[:60]!r}, which no version knows.")
        try:
            read[column] = convert(value)
        except (ValueError, OverflowError) as error:
            raise ArchiveError(f"{column} in row {number} of {name} can't be: {error}.") from None
    return read


def base_name(value: Any) -> str | None:
    """Return the last part of a file's key; ValueError for what leads elsewhere."""
    if value is not None and not (isinstance(value, str) and BASE_NAME.fullmatch(value)):
        raise ValueError("is no name of a file")
    return value


def _safe_members(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name; raises ArchiveError for names that lead elsewhere, twins, links, and bombs."""
    found: dict[str, zipfile.ZipInfo] = {}
    folded: dict[str, str] = {}
    for info in file.infolist():
        name = info.orig_filename
        shown = repr(name[:80])
        parts = name.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or ":" in name or "\\" in name or "\x00" in name:
            raise ArchiveError(f"The archive has the name {shown}, which leads out of its folder. It is not opened.")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveError(f"The archive has a link, {shown}. It is not opened.")
        if name in found:
            raise ArchiveError(f"The archive has {shown} twice, so nobody can say which one counts.")
        if twin := folded.get(name.casefold()):
            raise ArchiveError(f"The archive has {shown} and {twin!r}, which are one file on many systems.")
        folded[name.casefold()] = name
        if name in FOLDERS:
            continue
        if not MEMBER.fullmatch(name):
            raise ArchiveError(f"The archive has {shown}, which is no part of an archive of this CRM.")
        _check_packing(info, shown)
        found[name] = info
    return found


def _check_packing(info: zipfile.ZipInfo, shown: str) -> None:
    if info.flag_bits & 1:
        raise ArchiveError(f"{shown} is encrypted. Decrypt the archive first.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{shown} is packed in a way that archives don't use.")
    if info.file_size > SMALL and info.file_size > TIGHTEST * info.compress_size:
        raise ArchiveError(f"{shown} is packed far too tightly for what an archive holds. It is not opened.")


def _next_line(lines: io.BufferedReader[Any], name: str) -> bytes:
    try:
        line = lines.readline(LINE_BYTES)
    except DAMAGED:
        raise ArchiveError(f"{name} in the archive is damaged or cut off.") from None
    if len(line) >= LINE_BYTES:
        raise ArchiveError(f"{name} has a line that is too long.")
    return line


def _read(member: IO[bytes], name: str) -> bytes:
    try:
        return member.read(CHUNK)
    except DAMAGED:
        raise ArchiveError(f"{name} in the archive is damaged or cut off.") from None


def _parse(text: bytes, parse_int: Callable[[str], int] = int) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=_finite, parse_int=parse_int)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _whole(word: str) -> int:
    if len(word) > len(f"-{MOST}") or abs(int(word)) > MOST:
        raise ValueError(f"{word[:20]} is a larger number than any can be")
    return int(word)


def _finite(word: str) -> float:
    if not math.isfinite(number := float(word)):
        raise ValueError(f"{word[:20]} is no number that JSON has")
    return number


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
