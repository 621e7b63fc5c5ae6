"""Column types, ids, and the clock of the database."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.sql.functions import FunctionElement

BigInt = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Json = sa.JSON()


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An instant: aware in Python, UTC in the database; a naive value raises TypeError."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """On SQLite, store it without the zone, so that text order is time order."""
        return _write_sqlite if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        return None if value is None else _in_utc(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """In one step: a page reads hundreds of instants."""
        return _read_sqlite if dialect.name == "sqlite" else _read_postgresql


def _in_utc(value: dt.datetime) -> dt.datetime:
    if value.tzinfo is None:
        raise TypeError(f"naive datetime {value!r}")
    return value.astimezone(dt.UTC)


def _write_sqlite(value: dt.datetime | None) -> str | None:
    return None if value is None else _in_utc(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def _read_sqlite(text: str | None) -> dt.datetime | None:
    return None if text is None else dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def _read_postgresql(value: dt.datetime | None) -> dt.datetime | None:
    return None if value is None else value.astimezone(dt.UTC)


class db_now(FunctionElement[dt.datetime]):  # noqa: N801 -- it reads as a SQL function
    type = UtcDateTime()
    inherit_cache = True


@compiles(db_now, "postgresql")
def _now_postgresql(element: db_now, compiler: Any, **kw: Any) -> str:
    return "statement_timestamp()"


@compiles(db_now, "sqlite")
def _now_sqlite(element: db_now, compiler: Any, **kw: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


class db_ago(FunctionElement[dt.datetime]):  # noqa: N801 -- it reads as a SQL function
    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, ago: dt.timedelta) -> None:
        super().__init__(sa.literal_column(str(int(ago.total_seconds())), sa.Integer))


@compiles(db_ago, "postgresql")
def _ago_postgresql(element: db_ago, compiler: Any, **kw: Any) -> str:
    return f"statement_timestamp() - {compiler.process(element.clauses, **kw)} * interval '1 second'"


@compiles(db_ago, "sqlite")
def _ago_sqlite(element: db_ago, compiler: Any, **kw: Any) -> str:
    return f"strftime('%Y-%m-%d %H:%M:%f000', 'now', '-{compiler.process(element.clauses, **kw)} seconds')"


def constant(value: int | str) -> sa.ColumnElement[Any]:
    """Return a literal of ours that is written into the statement, not bound.

    SQLite uses a partial index only if its condition stands in the statement; PostgreSQL keeps a plan only if it would
    be the same for all bound values.
    """
    return sa.literal_column(str(value) if isinstance(value, int) else f"'{value}'")


def new_uid() -> str:
    """Return a name for a row that a backup and its restore keep, unlike its id."""
    return secrets.token_hex(16)


class TextCode(sa.types.TypeDecorator[Any]):
    """A short text for a value of `read`; an unknown one stays a text, so that one bad row doesn't hide others."""

    impl = sa.String
    cache_ok = True

    def __init__(self, read: Callable[[str], Any], length: int) -> None:
        super().__init__(length)
        self.read = read

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Return the text of a value."""
        return None if value is None else str(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Any:
        """Return what reads a stored text; it remembers those it has read, for a page has hundreds of them."""
        known: dict[str | None, Any] = {None: None}
        read = self.read

        def process(text: str | None) -> Any:
            if text in known:
                return known[text]
            try:
                known[text] = read(text or "")
            except (ValueError, LookupError):
                return text
            return known[text]

        return process


class _Ids(sa.types.TypeDecorator[list[Any]]):
    """Many values as one parameter: an array on PostgreSQL, JSON on SQLite."""

    impl = sa.Text
    cache_ok = True
    of: sa.types.TypeEngine[Any] = sa.BigInteger()

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.ARRAY(self.of) if dialect.name == "postgresql" else sa.Text())

    def process_bind_param(self, value: list[Any] | None, dialect: sa.Dialect) -> Any:
        return value if dialect.name == "postgresql" else json.dumps(value)


class _Texts(_Ids):
    cache_ok = True
    of = sa.Text()


class _is_one_of(FunctionElement[Any]):  # noqa: N801 -- it reads as a SQL function
    inherit_cache = True


def one_of(column: Any, values: Iterable[int | str] | str) -> sa.ColumnElement[Any]:
    """Test a column against values, or a parameter of this name; unlike `IN`, one statement for any number of them."""
    type_ = _Texts() if isinstance(column.type, sa.String | TextCode) else _Ids()
    if isinstance(values, str):
        return _is_one_of(column, sa.bindparam(values, type_=type_))
    return _is_one_of(column, sa.bindparam(None, list(values), type_=type_))


@compiles(_is_one_of, "postgresql")
def _is_one_of_postgresql(element: _is_one_of, compiler: Any, **kw: Any) -> str:
    column, values = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} = ANY({values})"


@compiles(_is_one_of, "sqlite")
def _is_one_of_sqlite(element: _is_one_of, compiler: Any, **kw: Any) -> str:
    column, values = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 -- both are compiled SQL


class Base(DeclarativeBase):
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dt.datetime: UtcDateTime(), int: BigInt, dict[str, Any]: Json}


Id = Annotated[int, mapped_column(BigInt, primary_key=True, autoincrement=True)]
CreatedAt = Annotated[dt.datetime, mapped_column(UtcDateTime(), server_default=db_now())]
