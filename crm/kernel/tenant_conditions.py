"""Verify that each compiled statement has the tenant condition of each of its tables.

SQLAlchemy adapts `with_loader_criteria` to aliases while it compiles, by looking up columns. A failed look-up is no
error: the condition lands on another table, and the compiled statement is cached. So the look-up is made safe for
threads (below), and its result is verified.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGCompiler_psycopg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Engine
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.base import WriteableColumnCollection
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromGrouping
from sqlalchemy.util import OrderedSet

from crm.kernel.current import ORGANIZATION, TenantError

Conditions = tuple[Any, ...]


class Scope(NamedTuple):
    option: Any
    tables: Collection[sa.FromClause]
    bound: Collection[sa.FromClause] = ()
    branch_options: Sequence[Any] = ()


def verify_statements(engine: Engine, scope_of: Callable[[Any], Scope | None]) -> None:
    base = _PostgreSQLCompiler if engine.dialect.name == "postgresql" else _SQLiteCompiler
    engine.dialect.statement_compiler = type(base.__name__, (base,), {"scope_of": staticmethod(scope_of)})


class _Verifying(SQLCompiler):
    scope_of: Callable[[Any], Scope | None]

    def _compose_select_body(self, text: Any, select: Any, state: Any, columns: Any, froms: Any, *rest: Any) -> Any:
        self._verify(froms, select._where_criteria)
        return super()._compose_select_body(text, select, state, columns, froms, *rest)  # type: ignore[no-untyped-call]

    def update_tables_clause(self, update_stmt: Any, from_table: Any, extra_froms: Any, **kw: Any) -> Any:
        self._verify([from_table, *extra_froms], update_stmt._where_criteria)
        return super().update_tables_clause(update_stmt, from_table, extra_froms, **kw)  # type: ignore[no-untyped-call]

    def delete_table_clause(self, delete_stmt: Any, from_table: Any, extra_froms: Any, **kw: Any) -> Any:
        self._verify([from_table, *extra_froms], delete_stmt._where_criteria)
        return super().delete_table_clause(delete_stmt, from_table, extra_froms, **kw)  # type: ignore[no-untyped-call]

    def _verify(self, froms: Iterable[Any], where: Conditions) -> None:
        scope = self.scope_of(self.statement)
        if scope is not None:
            verify([found for from_ in froms for found in _narrowed(from_, where)], scope)


class _PostgreSQLCompiler(_Verifying, PGCompiler_psycopg):
    pass


class _SQLiteCompiler(_Verifying, SQLiteCompiler):
    """Write index hints ("INDEXED BY …") too: SQLAlchemy's compiler for SQLite omits them."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        return text


def verify(read: Sequence[tuple[Any, Conditions]], scope: Scope) -> None:
    missing = {from_: set(_organizations(from_, found)) for from_, found in read if _table(from_) in scope.tables}
    while held := [from_ for from_, equals in missing.items() if ORGANIZATION in equals or equals - set(missing)]:
        for from_ in held:
            del missing[from_]
    lost = [*missing, *(from_ for from_, found in read if not _is_bound(from_, found, scope))]
    if lost:
        raise TenantError(f"lost its tenant condition: {', '.join(str(_table(from_)) for from_ in lost)}")


def _narrowed(from_: Any, conditions: Conditions) -> Iterator[tuple[Any, Conditions]]:
    """Yield each table with the conditions that hold for all its rows; an outer join narrows its right side."""
    if isinstance(from_, sa.Join):
        joined = conditions if from_.full else (*conditions, *_parts(from_.onclause))
        yield from _narrowed(from_.left, conditions if from_.isouter else joined)
        yield from _narrowed(from_.right, joined)
    elif isinstance(from_, FromGrouping):
        yield from _narrowed(from_.element, conditions)
    else:
        yield from_, tuple(part for condition in conditions for part in _parts(condition))


def _parts(condition: Any) -> Iterator[Any]:
    if isinstance(condition, sa.BooleanClauseList) and condition.operator is operators.and_:
        for clause in condition.clauses:
            yield from _parts(clause)
    elif isinstance(condition, sa.Grouping):
        yield from _parts(condition.element)
    else:
        yield condition


def _table(from_: Any) -> Any:
    return from_.element if isinstance(from_, AliasedReturnsRows) else from_


def _organizations(from_: Any, conditions: Conditions) -> Iterator[Any]:
    for condition in conditions:
        if isinstance(condition, sa.BinaryExpression) and condition.operator is operators.eq:
            for own, other in ((condition.left, condition.right), (condition.right, condition.left)):
                if _is_organization(own) and own.table == from_:
                    if isinstance(other, sa.BindParameter) and other.key == ORGANIZATION.key:
                        yield ORGANIZATION
                    elif _is_organization(other):
                        yield other.table


def _is_organization(side: Any) -> bool:
    return isinstance(side, sa.Column) and side.name == "organization_id" and side.table is not None


def _is_bound(from_: Any, conditions: Conditions, scope: Scope) -> bool:
    """Whether a table has the branch's condition, if the ORM added any: a plain alias has only its own."""
    if _table(from_) not in scope.bound:
        return True
    added = {one._annotations.get("for_loader_criteria") for one in conditions if _mentions(one, from_)}
    return scope.option not in added or not added.isdisjoint(scope.branch_options)


def _mentions(condition: Any, from_: Any) -> bool:
    return any(isinstance(part, sa.Column) and part.table == from_ for part in visitors.iterate(condition))


def _fill_in_one_step(self: WriteableColumnCollection[Any, Any]) -> None:
    """Fill the columns' index at once: SQLAlchemy 2.1 fills it stepwise without a lock, and threads miss columns."""
    if not self._proxy_index:
        index: dict[Any, OrderedSet[Any]] = collections.defaultdict(OrderedSet)
        for _, _, metrics in self._collection:
            for column in metrics.column._expanded_proxy_set:
                index[column].add(metrics)
        self._proxy_index.update(index)


WriteableColumnCollection._init_proxy_index = _fill_in_one_step  # type: ignore[method-assign]
