"""The tenant filter: no statement reads or writes beyond one organization.

Three locks: every ORM statement is filtered by the current organization and raises without one; composite foreign keys
keep rows from referring to another organization; PostgreSQL's row-level security filters again. Tables without
`TenantMixin` are tenant-free. For a member bound to a branch the first lock also limits to it
(`crm/kernel/branch_scope.py`).
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import (
    Mapped,
    ORMExecuteState,
    Session,
    UOWTransaction,
    configure_mappers,
    declared_attr,
    mapped_column,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors

from crm.kernel import branch_scope
from crm.kernel.columns import Base, BigInt
from crm.kernel.current import ORGANIZATION, TenantError, require_organization
from crm.kernel.current import organization as _organization
from crm.kernel.db import all_shared, prepared
from crm.kernel.extensions import db
from crm.kernel.tenant_conditions import Scope, verify_statements

__all__ = ["TenantError", "require_organization"]


_actor: contextvars.ContextVar[int | None] = contextvars.ContextVar("actor", default=None)


def current_actor() -> int | None:
    return _actor.get()


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """Do for a user what is not their own doing: its events have no actor."""
    token = _actor.set(None)
    try:
        yield
    finally:
        _actor.reset(token)


@contextlib.contextmanager
def use_organization(
    organization_id: int | None, actor_id: int | None = None, branch_id: int | None = None
) -> Iterator[None]:
    """Act in one organization or branch, in a new session: one session for two would leak through its identity map."""
    if organization_id is not None and _organization.get() == organization_id:
        yield
        return
    db.session.remove()
    organization = _organization.set(organization_id)
    actor = _actor.set(actor_id)
    branch = branch_scope.bind(branch_id)
    try:
        yield
    finally:
        db.session.remove()
        branch_scope.unbind(branch)
        _actor.reset(actor)
        _organization.reset(organization)


def enter_organization(organization_id: int | None, actor_id: int | None, branch_id: int | None = None) -> None:
    """Set a request's organization; its session has read only tenant-free tables so far."""
    _organization.set(organization_id)
    _actor.set(actor_id)
    branch_scope.bind(branch_id)
    session = db.session()
    if session.in_transaction():
        _set_organization(session, session.connection())


def leave_organization() -> None:
    _organization.set(None)
    _actor.set(None)
    branch_scope.bind(None)


class TenantMixin:
    @declared_attr
    def organization_id(cls) -> Mapped[int]:  # noqa: N805 -- a declared_attr gets the class
        return mapped_column(BigInt, sa.ForeignKey("organizations.id", ondelete="CASCADE"))

    @classmethod
    def is_of_branch(cls) -> sa.ColumnElement[bool]:
        return branch_scope.is_of_branch(_table(cls), cls)


def within_organization(column: str, target: str, *, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """Return a foreign key that can't leave the organization: `("branch_id", "branches")`."""
    columns = ["organization_id", column]
    return sa.ForeignKeyConstraint(columns, [f"{target}.organization_id", f"{target}.id"], ondelete=ondelete)


def row_level_security(table: str) -> list[str]:
    condition = "organization_id = nullif(current_setting('app.organization_id', true), '')::bigint"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_tenant ON {table} USING ({condition}) WITH CHECK ({condition})",
    ]


def insert_many(model: type[TenantMixin], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        organization_id = require_organization()
        statement = sa.insert(_table(model))
        db.session.connection().execute(statement, [{**row, "organization_id": organization_id} for row in rows])


def update_many(model: type[TenantMixin], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        table = _table(model)
        statement = sa.update(table).where(
            table.c.organization_id == ORGANIZATION, table.c.id == sa.bindparam("row_id")
        )
        values = [{"row_id" if name == "id" else name: value for name, value in row.items()} for row in rows]
        db.session.connection().execute(statement, values)


def tenant_tables() -> set[sa.Table]:
    return set(_tables)


def init_tenancy() -> None:
    """Learn the tenant tables, once in a process; raises TenantError for one that is declared later."""
    configure_mappers()
    models = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, TenantMixin)]
    if _tables:
        if late := set(map(_table, models)) - _tables:
            raise TenantError(f"declared after the first application: {', '.join(sorted(map(str, late)))}")
        return
    _tables.update(map(_table, models))
    bound = branch_scope.find_limited(_tables)
    _branch_scope.extend(
        with_loader_criteria(model, _is_of_branch, include_aliases=True) for model in models if _table(model) in bound
    )
    _scopes.update({False: Scope(_SCOPE, _tables), True: Scope(_SCOPE, _tables, bound, _branch_scope)})


def verify_tenancy(engine: sa.Engine) -> None:
    """Verify each statement when it is compiled, shared ones now; raises TenantError for a missing condition."""
    verify_statements(engine, _scope_of)
    if engine.dialect.name not in _verified:
        for statement in all_shared():
            if not isinstance(statement, sa.TextClause):
                for bound in (False, True):
                    _filter_statement(statement, bound).compile(dialect=engine.dialect)
        _verified.add(engine.dialect.name)


def _scope_of(statement: Any) -> Scope | None:
    options = getattr(statement, "_with_options", ())
    if _SCOPE not in options or getattr(getattr(statement, "_compile_options", None), "_for_refresh_state", False):
        return None
    return _scopes[bool(_branch_scope) and _branch_scope[0] in options]


def _table(model: type[TenantMixin]) -> sa.Table:
    table: sa.Table = model.__table__  # type: ignore[attr-defined]  # every mapped class has one
    return table


def _is_here(entity: type[TenantMixin]) -> sa.ColumnElement[bool]:
    return entity.organization_id == ORGANIZATION


def _is_of_branch(entity: type[TenantMixin]) -> sa.ColumnElement[bool]:
    return entity.is_of_branch()


ACTOR = sa.bindparam("current_actor", callable_=current_actor, type_=BigInt)

# A function of the entity: a ready expression would name the table where an alias of it is joined. Of the mixin, so
# that it is one option for all models: each statement handles its options each time it is executed.
_SCOPE = with_loader_criteria(TenantMixin, _is_here, include_aliases=True)

_tables: set[sa.Table] = set()
_branch_scope: list[Any] = []
_scopes: dict[bool, Scope] = {}
_verified: set[str] = set()


@event.listens_for(Session, "do_orm_execute")
def _filter(state: ORMExecuteState) -> None:
    if state.execution_options.get("all_organizations") or state.is_column_load:
        return
    if isinstance(state.statement, sa.TextClause) or state.is_from_statement:
        raise TenantError("raw SQL needs the execution option all_organizations")
    if isinstance(state.statement, sa.Insert):
        if state.statement.table in _tables:
            raise TenantError("bulk insert into a tenant table: use session.add_all()")
        return
    bound = branch_scope.bound_branch() is not None and not state.execution_options.get("all_branches")
    filtered = _filtered[bound].get(state.statement)
    state.statement = _filter_statement(state.statement, bound) if filtered is None else filtered


def _filter_statement(statement: Any, bound: bool) -> Any:
    if _is_core_on_tenant_table(statement):
        raise TenantError("Core statement on a tenant table: select the model")
    filtered = statement.options(_SCOPE, *_branch_scope) if bound else statement.options(_SCOPE)
    _filtered[bound][statement] = filtered
    return filtered


_filtered: tuple[WeakKeyDictionary[Any, Any], WeakKeyDictionary[Any, Any]] = (WeakKeyDictionary(), WeakKeyDictionary())
"""Filtered forms of statements, for all branches and for one, so that a static statement is filtered once."""


def _is_core_on_tenant_table(statement: Any) -> bool:
    found = False
    for element in itertools.chain([getattr(statement, "table", None)], visitors.iterate(statement)):
        if "parententity" in getattr(element, "_annotations", ()):
            return False  # about a model, as nearly all are: the rest need not be searched
        found |= isinstance(element, sa.Table) and element in _tables
    return found


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, context: UOWTransaction, instances: Any) -> None:
    for row in session.new:
        if isinstance(row, TenantMixin):
            organization_id = require_organization()
            if row.organization_id is None:
                row.organization_id = organization_id
            elif row.organization_id != organization_id:
                raise TenantError("insert into another organization")
    for row in [*session.dirty, *session.deleted]:
        if isinstance(row, TenantMixin):
            moved = sa.inspect(row).attrs.organization_id.history.deleted
            if moved or row.organization_id != require_organization():
                raise TenantError("change of another organization's row")


@event.listens_for(Session, "loaded_as_persistent")
def _loaded(session: Session, row: object) -> None:
    organization_id = _organization.get()
    if organization_id is None or not isinstance(row, TenantMixin):
        return
    if row.__dict__.get("organization_id", organization_id) != organization_id:
        raise TenantError("a row of another organization was loaded")


@event.listens_for(Session, "after_begin")
def _begin(session: Session, transaction: Any, connection: sa.Connection) -> None:
    # PostgreSQL's setting ends with the transaction.
    if _organization.get() is not None:
        _set_organization(session, connection)


def _set_organization(session: Session, connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        organization_id = _organization.get()
        value = "" if organization_id is None else str(organization_id)
        connection.execute(_SET_ORGANIZATION, {"organization": value})


_SET_ORGANIZATION = prepared(sa.text("select set_config('app.organization_id', :organization, true)"))
