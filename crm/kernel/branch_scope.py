"""Limit a member bound to a branch to its customers and the rows deleted with them (ON DELETE CASCADE)."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from crm.kernel.columns import Base, BigInt
from crm.kernel.current import ORGANIZATION

Condition = Callable[[Any], sa.ColumnElement[bool]]

_branch: contextvars.ContextVar[int | None] = contextvars.ContextVar("branch", default=None)


def bound_branch() -> int | None:
    """Return the only branch whose customers the user sees; None for all, as in jobs and commands."""
    return _branch.get()


def bind(branch_id: int | None) -> contextvars.Token[int | None]:
    return _branch.set(branch_id)


def unbind(token: contextvars.Token[int | None]) -> None:
    _branch.reset(token)


@contextlib.contextmanager
def all_branches() -> Iterator[None]:
    """Do what follows for customers of any branch, though the user doesn't see them; show nothing of it."""
    token = bind(None)
    try:
        yield
    finally:
        unbind(token)


def seen_by_branch(model: type[Base], condition: Condition) -> None:
    """Set which rows of a model a bound member sees; the rows deleted with them follow."""
    _conditions[model.__table__] = condition


def seen_with(model: type[Base], id_: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return _seen_with(model.__table__, id_)


def has_one(model: type[Base], id_: sa.ColumnElement[Any], condition: Condition) -> sa.ColumnElement[bool]:
    return _has_one(model.__table__, id_, condition)


def find_limited(tables: Iterable[sa.Table]) -> set[sa.FromClause]:
    waiting = [table for table in tables if table not in _conditions]
    while found := {table: way for table in waiting if (way := _owner(table)) is not None}:
        for table, (owner, column) in found.items():
            _conditions[table] = _with(owner, column)
            waiting.remove(table)
    return set(_conditions)


def is_of_branch(table: sa.FromClause, row: Any) -> sa.ColumnElement[bool]:
    return _conditions[table](row)


def _owner(table: sa.Table) -> tuple[sa.Table, str] | None:
    owners = [
        (element.parent.key, key.referred_table)
        for key in table.foreign_key_constraints
        for element in key.elements
        if key.ondelete == "CASCADE" and key.referred_table in _conditions and element.column.name == "id"
    ]
    return next(((owner, column) for column, owner in sorted(owners, key=lambda found: found[0])), None)


def _with(owner: sa.Table, column: str) -> Condition:
    return lambda row: _seen_with(owner, getattr(row, column))


def _seen_with(table: sa.FromClause, id_: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return _has_one(table, id_, _conditions[table])


def _has_one(table: sa.FromClause, id_: sa.ColumnElement[Any], condition: Condition) -> sa.ColumnElement[bool]:
    owner = table.alias()
    is_here = owner.c.organization_id == ORGANIZATION
    return sa.exists().where(owner.c.id == id_, is_here, condition(owner.c)).correlate_except(owner)


def _require_branch() -> int:
    branch_id = _branch.get()
    if branch_id is None:
        raise RuntimeError("a statement for one branch ran without a branch")
    return branch_id


BOUND = sa.bindparam("bound_branch", callable_=_require_branch, type_=BigInt)

_conditions: dict[sa.FromClause, Condition] = {}
