"""The format of archives, and which backups are kept: pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

PRODUCT, FORMAT = "crm", 1
MANIFEST, README, FILES = "manifest.json", "README.txt", "files.ndjson"
MEMBER = re.compile(
    r"manifest\.json|README\.txt|files\.ndjson|data/[a-z][a-z0-9_]{0,60}\.ndjson|people/[a-z_]{1,40}\.csv|files/[0-9a-f]{64}"
)
"""Names that an archive may have; none leads out of it."""

FOLDERS = frozenset({"data/", "people/", "files/"})
"""Entries that packers add for folders."""

LARGEST_ID = 10**15
"""No installation counts so far, and ids beyond would leave no room in the sequences."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UID = re.compile(r"[0-9a-f]{32}")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,60}")

DAYS, WEEKS, MONTHS = 7, 4, 12
"""The newest backups of so many days, weeks and months are kept."""


class ArchiveError(Exception):
    """The archive can't be used; the message is a sentence that says why."""


@dataclass(frozen=True)
class TableContents:
    """last_id: no row of the table has had a higher id, deleted ones included."""

    rows: int
    bytes: int
    sha256: str
    columns: tuple[str, ...] = ()
    last_id: int = 0


@dataclass(frozen=True)
class FileContents:
    count: int = 0
    bytes: int = 0
    missing: int = 0
    list: TableContents = field(default_factory=lambda: TableContents(0, 0, ""))


@dataclass(frozen=True)
class Contents:
    """The manifest of an archive."""

    app_version: str
    migration: str
    created_at: dt.datetime
    installation: str
    organization: Mapping[str, Any]
    tables: Mapping[str, TableContents]
    files: FileContents
    people: Mapping[str, TableContents] = field(default_factory=dict)
    format: int = FORMAT
    product: str = PRODUCT

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    @property
    def bytes(self) -> int:
        return sum(table.bytes for table in self.tables.values()) + self.files.bytes

    @property
    def slug(self) -> str:
        return str(self.organization["slug"])

    def to_json(self) -> dict[str, Any]:
        plain = {"product": self.product, "format": self.format, **asdict(self)}
        return plain | {"created_at": self.created_at.isoformat().replace("+00:00", "Z")}


def read_manifest(plain: Any) -> Contents:
    """Return a manifest's contents; raises ArchiveError."""
    if not isinstance(plain, dict) or plain.get("product") != PRODUCT:
        raise ArchiveError("This is not an archive of this CRM: its manifest names another product.")
    _check_format(plain)
    try:
        organization = _organization(plain["organization"])
        return Contents(
            app_version=_text(plain["app_version"]),
            migration=_text(plain["migration"]),
            created_at=_moment(plain["created_at"]),
            installation=_matching(_UID, plain["installation"]),
            organization=organization,
            tables={_matching(_TABLE, name): _table(table) for name, table in plain["tables"].items()},
            files=_files(plain["files"]),
            people={_text(name): _table(table) for name, table in plain.get("people", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ArchiveError(f"The archive's manifest is incomplete or damaged ({error}).") from None


def _check_format(plain: Mapping[str, Any]) -> None:
    format_ = plain.get("format")
    if not isinstance(format_, int) or isinstance(format_, bool) or format_ < 1:
        raise ArchiveError("The archive's manifest doesn't say which format it has.")
    if format_ > FORMAT:
        version = plain.get("app_version")
        made_by = f"version {version}" if isinstance(version, str) and version else "a newer version"
        raise ArchiveError(
            f"The archive has format {format_}, made by {made_by}; this version reads formats up to {FORMAT}. "
            "Install that version or a later one, then restore it."
        )


def _organization(plain: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: _text(plain[name]) for name in ("slug", "name", "time_zone", "currency", "locale")}
    return {**plain, **found, "id": _number(plain["id"], 1), "uid": _matching(_UID, plain["uid"])}


def _files(plain: Mapping[str, Any]) -> FileContents:
    numbers = {name: _number(plain[name]) for name in ("count", "bytes", "missing")}
    return FileContents(**numbers, list=_table(plain["list"]))


def _table(plain: Mapping[str, Any]) -> TableContents:
    return TableContents(
        rows=_number(plain["rows"]),
        bytes=_number(plain["bytes"]),
        sha256=_matching(_DIGEST, plain["sha256"]),
        columns=tuple(_matching(_TABLE, name) for name in plain.get("columns", ())),
        last_id=_number(plain.get("last_id", 0)),
    )


def _number(value: Any, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= LARGEST_ID:
        raise ValueError(f"{str(value)[:40]!r} is no number that can be")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 300:
        raise ValueError(f"{str(value)[:40]!r} is no text")
    return value


def _matching(pattern: re.Pattern[str], value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{str(value)[:40]!r} has a wrong form")
    return value


def _moment(value: Any) -> dt.datetime:
    moment = dt.datetime.fromisoformat(_text(value))
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return moment.astimezone(dt.UTC)


class Kept(NamedTuple):
    """A backup, for the question whether to keep it."""

    id: int
    at: dt.datetime
    is_verified: bool


def to_delete(backups: Iterable[Kept]) -> set[int]:
    """Return the ids of those that go: all but the newest of the last days, weeks and months, and the last verified."""
    newest_first = sorted(backups, key=lambda backup: (backup.at, backup.id), reverse=True)
    keep: set[int] = set()
    for period, most in ((_day, DAYS), (_week, WEEKS), (_month, MONTHS)):
        newest: dict[Any, int] = {}
        for backup in newest_first:
            newest.setdefault(period(backup.at), backup.id)
        keep |= set(list(newest.values())[:most])
    keep |= {next((backup.id for backup in newest_first if backup.is_verified), 0)}
    return {backup.id for backup in newest_first} - keep


def _day(moment: dt.datetime) -> Any:
    return moment.date()


def _week(moment: dt.datetime) -> Any:
    return moment.isocalendar()[:2]


def _month(moment: dt.datetime) -> Any:
    return moment.year, moment.month
