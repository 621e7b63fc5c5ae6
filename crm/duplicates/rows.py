"""Rows as JSON values, and row changes that can be undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from crm.kernel.columns import Base, UtcDateTime
from crm.kernel.extensions import db
from crm.kernel.tenancy import require_organization

Row = dict[str, Any]


def stored(model: type[Base], values: Mapping[str, Any]) -> Row:
    return {name: _to_json(value) for name, value in values.items() if name in model.__table__.columns}


def restored(table: sa.FromClause, row: Row) -> dict[str, Any]:
    return {name: _from_json(table.c[name].type, value) for name, value in row.items()}


def as_stored(row: Base) -> Row:
    return stored(type(row), {column.key: getattr(row, column.key) for column in type(row).__table__.columns})


class RowChanges:
    """Changes past the unit of work, recorded in `done` with each row before and after."""

    def __init__(self, done: Iterable[dict[str, Any]] = ()) -> None:
        self.done: list[dict[str, Any]] = list(done)

    def insert(self, model: type[Base], **values: Any) -> None:
        table = _table(model)
        values["organization_id"] = require_organization()
        id_ = _run(sa.insert(table).values(values).returning(table.c.id)).scalar_one()
        self._note(table, id_, None, _read(table, id_))

    def update(self, model: type[Base], id_: int, **values: Any) -> None:
        table = _table(model)
        before = _read(table, id_)
        _run(sa.update(table).where(_is(table, id_)).values(values))
        self._note(table, id_, before, _read(table, id_))

    def delete(self, model: type[Base], id_: int) -> None:
        table = _table(model)
        before = _read(table, id_)
        _run(sa.delete(table).where(_is(table, id_)))
        self._note(table, id_, before, None)

    def undo(self) -> None:
        """Undo the changes, the last one first; rows that changed since stay."""
        for change in reversed(self.done):
            table = Base.metadata.tables[change["table"]]
            if _read(table, change["id"]) == change["after"]:
                _undo_change(table, change)

    def _note(self, table: sa.Table, id_: int, before: Row | None, after: Row | None) -> None:
        self.done.append({"table": table.name, "id": id_, "before": before, "after": after})


def _undo_change(table: sa.Table, change: Mapping[str, Any]) -> None:
    before, id_ = change["before"], change["id"]
    if before is None:
        _run(sa.delete(table).where(_is(table, id_)))
        return
    values = restored(table, before)
    if change["after"] is not None:
        _run(sa.update(table).where(_is(table, id_)).values(values))
        return
    try:
        with db.session.begin_nested():
            _run(sa.insert(table).values(values))
    except IntegrityError:
        # Its parent row is deleted, or another row holds its unique key by now.
        return


def _run(statement: Any) -> Any:
    return db.session.connection().execute(statement)


def _read(table: sa.Table, id_: int) -> Row | None:
    row = _run(sa.select(table).where(_is(table, id_))).mappings().one_or_none()
    return None if row is None else {name: _to_json(value) for name, value in row.items()}


def _is(table: sa.Table, id_: int) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.id == id_, table.c.organization_id == require_organization())


def _table(model: type[Base]) -> sa.Table:
    table = model.__table__
    assert isinstance(table, sa.Table)  # noqa: S101 -- for the type checker
    return table


def _to_json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime | dt.date | dt.time) else value


def _from_json(type_: Any, value: Any) -> Any:
    if isinstance(value, str) and isinstance(type_, UtcDateTime):
        return dt.datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(type_, sa.Date):
        return dt.date.fromisoformat(value)
    return value
