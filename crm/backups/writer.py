"""Writing an archive: streamed from one snapshot into a ZIP, in bounded memory."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from crm.backups.readme import PEOPLE, README_TEXT
from crm.backups.rules import FILES, MANIFEST, README, Contents, FileContents, TableContents
from crm.backups.snapshot import PAGE, Row, Snapshot, archived_tables
from crm.backups.values import to_json
from crm.kernel import storage
from crm.kernel.data import ORGANIZATIONS, USERS, Backup, Rows
from crm.kernel.manifest import catalog
from crm.values.spreadsheets import harmless

SPOOLED = 4 * 1024 * 1024
"""Bytes of a file that stay in memory."""


def write_archive(
    snapshot: Snapshot, path: Path, about: Callable[[Row], dict[str, Any]], beat: Callable[[], None]
) -> Contents:
    """Write the organization's archive to a new file and return its contents.

    `about` gives the fields of the manifest that tell of the installation, for the organization's row. `beat` is
    called about once for each page, so that a lease can be renewed.
    """
    with path.open("xb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        writer = _Writer(archive, snapshot, beat)
        contents = writer.write(about)
        archive.writestr(README, README_TEXT.format(organization=contents.organization))
        plain = json.dumps(contents.to_json(), indent=2, ensure_ascii=False)
        archive.writestr(MANIFEST, plain)
        # What is listed first is read first; it is written last, for it has the hashes of all the rest.
        archive.filelist.insert(0, archive.filelist.pop())
    return contents


class _Writer:
    def __init__(self, archive: zipfile.ZipFile, snapshot: Snapshot, beat: Callable[[], None]) -> None:
        self._archive, self._snapshot, self._beat = archive, snapshot, beat
        self._declared = catalog().data
        self._users: set[int] = set()
        self._organization: Row = {}

    def write(self, about: Callable[[Row], dict[str, Any]]) -> Contents:
        tables = {}
        for table in archived_tables():
            if table.name != USERS:
                tables[table.name] = self._write_table(table, self._snapshot.rows(table))
        users = next(table for table in archived_tables() if table.name == USERS)
        tables[USERS] = self._write_table(users, self._snapshot.users(sorted(self._users)))
        people = {name: self._write_people(name) for name in PEOPLE}
        return Contents(tables=tables, people=people, files=self._write_files(), **about(self._organization))

    def _write_table(self, table: sa.Table, rows: Iterable[Row]) -> TableContents:
        declared = self._declared[table.name]
        plain = _plain_rows(table, declared, self._seen(table, declared, rows))
        columns = tuple(column.name for column in table.columns if is_written(declared, column.name))
        written = self._write_lines(f"data/{table.name}.ndjson", plain)
        return TableContents(*written, columns=columns, last_id=self._snapshot.last_id(table))

    def _seen(self, table: sa.Table, declared: Rows, rows: Iterable[Row]) -> Iterator[Row]:
        """Note the organization's row, and the users that rows name."""
        pointers = [name for name, target in declared.points_to.items() if target == USERS]
        for number, row in enumerate(rows):
            self._users.update(row[name] for name in pointers if row[name] is not None)
            if table.name == ORGANIZATIONS:
                self._organization = row
            if number % PAGE == 0:
                self._beat()
            yield row

    def _write_lines(self, name: str, rows: Iterable[Any]) -> tuple[int, int, str]:
        """Write one member and return how many rows and bytes it has, and its hash."""
        count, size, digest = 0, 0, hashlib.sha256()
        info = zipfile.ZipInfo(name, dt.datetime.now(dt.UTC).timetuple()[:6])
        info.compress_type = zipfile.ZIP_DEFLATED
        encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
        with self._archive.open(info, "w", force_zip64=True) as member:
            for row in rows:
                line = encode(row).encode() + b"\n"
                member.write(line)
                digest.update(line)
                count, size = count + 1, size + len(line)
        return count, size, digest.hexdigest()

    def _write_people(self, name: str) -> TableContents:
        """Write a table for people and their spreadsheets."""
        table = next(table for table in archived_tables() if table.name == name)
        count, size, digest = 0, 0, hashlib.sha256()
        with self._archive.open(f"people/{name}.csv", "w", force_zip64=True) as member:
            plain = _plain_rows(table, self._declared[name], self._snapshot.rows(table))
            for line in _csv_lines(PEOPLE[name], plain):
                member.write(line)
                digest.update(line)
                count, size = count + 1, size + len(line)
        return TableContents(count, size, digest.hexdigest())

    def _write_files(self) -> FileContents:
        with tempfile.TemporaryFile() as listed:
            count = size = missing = 0
            names: set[str] = set()
            for entry in self._each_file(names):
                listed.write(json.dumps(entry).encode() + b"\n")
                missing += "sha256" not in entry
            listed.seek(0)
            written = self._write_lines(FILES, map(json.loads, listed))
            count = len(names)
            size = sum(self._archive.getinfo(f"files/{name}").file_size for name in names)
        return FileContents(count, size, missing, TableContents(*written))

    def _each_file(self, names: set[str]) -> Iterator[dict[str, Any]]:
        """Copy the files that rows name into the archive, each content once, and yield the lines of their list."""
        for table in archived_tables():
            columns = self._declared[table.name].files
            if not columns:
                continue
            for row in self._snapshot.rows(table):
                for column in columns:
                    if row[column]:
                        self._beat()
                        entry = {"table": table.name, "id": row["id"], "column": column}
                        yield entry | {"name": row[column].rpartition("/")[2]} | self._copy(row[column], names)

    def _copy(self, key: str, names: set[str]) -> dict[str, Any]:
        with tempfile.SpooledTemporaryFile(SPOOLED) as file:
            digest, size = hashlib.sha256(), 0
            try:
                for chunk in storage.current().stream(key)[1]:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
            except FileNotFoundError:
                return {}
            name = digest.hexdigest()
            if name not in names:
                names.add(name)
                file.seek(0)
                self._store(f"files/{name}", file)
            return {"sha256": name, "bytes": size}

    def _store(self, name: str, file: IO[bytes]) -> None:
        info = zipfile.ZipInfo(name, dt.datetime.now(dt.UTC).timetuple()[:6])
        with self._archive.open(info, "w", force_zip64=True) as member:
            while chunk := file.read(1024 * 1024):
                member.write(chunk)


def is_written(declared: Rows, name: str) -> bool:
    return declared.column(name).backup is not Backup.DROP


def _plain_rows(table: sa.Table, declared: Rows, rows: Iterable[Row]) -> Iterator[Row]:
    converted = [(column.name, convert) for column in table.columns if (convert := to_json(column))]
    left = [column.name for column in table.columns if not is_written(declared, column.name)]
    for row in rows:
        for name, convert in converted:
            if row[name] is not None:
                row[name] = convert(row[name])
        for name in declared.files:
            row[name] = row[name] and row[name].rpartition("/")[2]
        if declared.written is not None and not declared.written(row):
            continue
        for name in left:
            del row[name]
        yield row


def _csv_lines(columns: tuple[str, ...], rows: Iterable[Row]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        if out.tell() > 100_000:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
        writer.writerow([_cell(row[name]) for name in columns])
    yield out.getvalue().encode()


def _cell(value: Any) -> Any:
    return harmless(value) if isinstance(value, str) else value
