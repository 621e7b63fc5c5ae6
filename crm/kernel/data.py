"""What each column holds, declared in the manifests: for backups, and for the rights of the people it tells of.

A table or column without a declaration is in no backup and would survive an erasure, so a test fails for it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.kernel.columns import TextCode

ORGANIZATIONS, USERS = "organizations", "users"


class Backup(enum.StrEnum):
    """What a backup does with a column."""

    KEEP = "keep"
    REMAP = "remap"
    DROP = "drop"
    RECOMPUTE = "recompute"
    FILE = "file"


class Holds(enum.StrEnum):
    """What a column says of a person.

    PERSONAL: blanked or deleted by an erasure. FREE_TEXT: typed by people, so it may name anybody. BY_LAW: kept, for
    the law asks for it: amounts, dates and numbers of invoices.
    """

    NOTHING = "nothing"
    PERSONAL = "personal"
    FREE_TEXT = "free text"
    BY_LAW = "by law"


class Erasure(enum.StrEnum):
    """What an erasure does with the rows that hang on a person.

    SHARED: rows that others hang on too, as a booking of several guests: only what names the person is masked.
    """

    BLANK = "blank"
    DELETE = "delete"
    SHARED = "shared"


class Column(NamedTuple):
    """to: the table whose ids it holds, or where its file lies. inside: renews the ids within its value."""

    backup: Backup
    holds: Holds
    to: str = ""
    inside: Callable[[Any, Mapping[str, Any], Ids], Any] | None = None


class Arrival(NamedTuple):
    """A restore under way: rows of an organization as it was at `backed_up_at`.

    original_id: the id that it had. is_from_here: the backup was made by this installation. is_original_here: the
    organization that it is of is still here, so its ids are those in the backup. ids: renews them.
    """

    backed_up_at: dt.datetime
    now: dt.datetime
    original_id: int
    is_from_here: bool
    is_original_here: bool
    ids: Ids


class ByColumn(str):
    """The name of a column that names the table: `{"subject_id": ByColumn("subject")}`."""


def no_ids(value: Any, row: Mapping[str, Any], ids: Ids) -> Any:
    return value


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rows:
    """The columns of a table; their names are separated by spaces.

    left_out: why no backup has the table. Two questions are answered for each column.

    What does it say of a person? `plain` (nothing), `personal`, `free_text` or `by_law` (`Holds`). Texts, JSON and
    dates are named in one of the four; numbers, moments and codes say nothing unless they are named.

    erasure: what becomes of the rows of a person who is erased; what they say of the person is blanked if not said.

    copies: keys of stored files that may hold anybody; an erasure deletes those that may hold the person.

    What does a backup do with it? It keeps a column that is not named here:
    points_to: holds ids of this table, renewed by a restore. inside: holds ids within, renewed by this function, or
    `no_ids`; every column of JSON is named. recomputed: follows from other columns; a restore computes it again and
    compares. dropped: in no backup; a restore begins with the column's default, or with the value given here.
    files: keys of files in the storage, folder/organization/row/name; a restore makes a new key of the name.
    signed: numbers that may be less than 0; a restore refuses any other that is.
    written: changes a row of JSON values before a backup takes it, dropped columns too; False leaves the row out.
    arriving: changes rows before a restore stores them.
    `id` and `organization_id` need no word.
    """

    left_out: str = ""
    plain: str = ""
    personal: str = ""
    free_text: str = ""
    by_law: str = ""
    erasure: Erasure = Erasure.BLANK
    copies: str = ""
    points_to: Mapping[str, str] = dataclasses.field(default_factory=dict)
    inside: Mapping[str, Callable[[Any, Mapping[str, Any], Ids], Any]] = dataclasses.field(default_factory=dict)
    recomputed: str = ""
    dropped: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    files: Mapping[str, str] = dataclasses.field(default_factory=dict)
    signed: str = ""
    written: Callable[[dict[str, Any]], bool] | None = None
    arriving: Callable[[Sequence[dict[str, Any]], Arrival], None] | None = None

    @cached_property
    def of_people(self) -> dict[str, Holds]:
        groups = {
            Holds.NOTHING: self.plain,
            Holds.PERSONAL: self.personal,
            Holds.FREE_TEXT: self.free_text,
            Holds.BY_LAW: self.by_law,
        }
        return {name: holds for holds, names in groups.items() for name in names.split()}

    def column(self, name: str) -> Column:
        holds = self.of_people.get(name, Holds.NOTHING)
        if name == "organization_id":
            return Column(Backup.REMAP, holds, ORGANIZATIONS)
        if name in self.dropped:
            return Column(Backup.DROP, holds)
        if name in self.files:
            return Column(Backup.FILE, holds, self.files[name])
        if name in self.recomputed.split():
            return Column(Backup.RECOMPUTE, holds)
        if name in self.points_to:
            return Column(Backup.REMAP, holds, self.points_to[name])
        return Column(Backup.REMAP if name in self.inside else Backup.KEEP, holds, inside=self.inside.get(name))


class Ids:
    """New ids for old ones: a restore moves the ids of a table by one distance, so their order stays."""

    def __init__(self, tables: Mapping[str, Rows], distances: Mapping[str, int]) -> None:
        self._tables, self._distances = tables, distances

    def new(self, table: str, id_: Any) -> Any:
        """Return the new id; what is no id, and what points into a table that no backup has, stays as it is."""
        if not isinstance(id_, int) or isinstance(id_, bool):
            return id_
        return id_ + self._distances.get(table, 0)

    def all_new(self, table: str, ids: Any) -> Any:
        return [self.new(table, id_) for id_ in ids] if isinstance(ids, list) else ids

    def row(self, table: str, row: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Return a row with new ids in all its columns."""
        if row is None:
            return None
        return {name: self.value(table, name, value, row) for name, value in row.items()}

    def value(self, table: str, name: str, value: Any, row: Mapping[str, Any]) -> Any:
        """Return the value of a column with new ids; the row tells which table it is of, where a column does."""
        if value is None:
            return None
        if name == "id":
            return self.new(table, value)
        column = self._tables[table].column(name)
        if column.inside is not None:
            return column.inside(value, row, self)
        if column.backup is not Backup.REMAP:
            return value
        return self.new(str(row.get(column.to, "")) if isinstance(column.to, ByColumn) else column.to, value)

    def target(self, table: str, name: str) -> str | None:
        """Return the table that a field's ids are of: that of the table's column, or of any table's, if they agree."""
        own = self._tables[table].points_to.get(name) if table in self._tables else None
        if own is not None:
            return own
        found = {rows.points_to[name] for rows in self._tables.values() if name in rows.points_to}
        return found.pop() if len(found) == 1 else None


def problems(tables: Mapping[str, sa.Table], declared: Mapping[str, Rows]) -> Iterator[str]:
    """Say what is not declared, or declared wrongly."""
    yield from (f"{name}: declare the table in a manifest's data" for name in sorted(tables.keys() - declared.keys()))
    yield from (f"{name}: there is no such table" for name in sorted(declared.keys() - tables.keys()))
    for name in sorted(tables.keys() & declared.keys()):
        yield from (f"{name}.{problem}" for problem in _problems_of(tables[name], declared[name]))


def _problems_of(table: sa.Table, rows: Rows) -> Iterator[str]:
    people = " ".join((rows.plain, rows.personal, rows.free_text, rows.by_law)).split()
    backup = [*rows.points_to, *rows.inside, *rows.recomputed.split(), *rows.dropped, *rows.files]
    for name in sorted({*people, *backup, *rows.signed.split()} - set(table.columns.keys())):
        yield f"{name}: there is no such column"
    for group, names in (("of people", people), ("of backups", backup)):
        yield from (f"{name}: is named twice {group}" for name in sorted(set(names)) if names.count(name) > 1)
    for column in table.columns:
        if _speaks(column) and column.name not in people:
            yield f"{column.name}: name it as plain, personal, free_text or by_law"
        if rows.left_out or column.name in {"id", "organization_id"}:
            continue
        if isinstance(column.type, sa.JSON) and not {column.name} & set(backup):
            yield f"{column.name}: name it in inside, with no_ids if there are none"
        yield from _wrong_pointer(table, column, rows, backup)


def _speaks(column: sa.Column[Any]) -> bool:
    """Whether the column may say something of a person: texts other than codes, JSON, and dates."""
    return isinstance(column.type, sa.String | sa.JSON | sa.Date) and not isinstance(column.type, TextCode)


def _wrong_pointer(table: sa.Table, column: sa.Column[Any], rows: Rows, backup: list[str]) -> Iterator[str]:
    targets = {key.column.table.name for key in column.foreign_keys}
    if isinstance(column.type, sa.Integer) and (targets or column.name.endswith("_id")) and column.name not in backup:
        yield f"{column.name}: name in points_to the table whose ids it holds"
    elif targets and column.name in rows.points_to and rows.points_to[column.name] not in targets:
        yield f"{column.name}: points to {', '.join(sorted(targets))}"


def _changes(changes: Any, event: Mapping[str, Any], ids: Ids) -> Any:
    """Renew ids in the `{field: [before, after]}` of an event: a field is called as its column is."""
    renewed = {}
    for field, values in changes.items():
        table = ids.target(str(event["subject"]), field)
        renewed[field] = ids.all_new(table, values) if table else values
    return renewed


def _is_of_organization(event: dict[str, Any]) -> bool:
    """Leave out what was done with backups: a restored organization is what it was."""
    return not event["action"].startswith("backup.")


KERNEL = {
    "events": Rows(
        plain="action subject",
        personal="changes",
        points_to={"actor_id": USERS, "subject_id": ByColumn("subject"), "customer_id": "customers"},
        inside={"changes": _changes},
        written=_is_of_organization,
    ),
    "organization_secrets": Rows(left_out="sealed with the installation's key", plain="name sealed"),
    "used_keys": Rows(left_out="about requests that are over", plain="key fingerprint"),
    "due_work": Rows(left_out="planned again by what a restore brings back", plain="kind"),
    "worker_beats": Rows(left_out="of the installation", plain="name"),
}
"""The tables of the kernel, which has no manifest."""
