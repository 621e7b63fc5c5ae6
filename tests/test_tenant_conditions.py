"""No statement runs that lost the condition of its organization or branch, whatever shape it has."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.util import AliasedClass

from crm.accounts.models import Branch, Membership
from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.invoices.models import Invoice, Receipt
from crm.kernel.db import all_shared, transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import TenantError, tenant_tables, use_organization
from crm.leads.models import Lead
from crm.loyalty.models import PointsEntry
from crm.messages.models import Message
from tests.factories import Cast, make_branch, make_customer
from tests.test_endpoints import tries

THREADS = 8
ROUNDS = 60

_READ = re.compile(r"(?:FROM|JOIN|UPDATE|,) (\w+)(?: AS (\w+))?(?= |$|,)")


def _by_alias() -> Callable[[], Any]:
    """Return what builds a statement about aliases that nobody has used yet."""
    later, person = aliased(PointsEntry), aliased(Customer)
    return lambda: (
        sa.select(PointsEntry.id, later.applied, person.name)
        .select_from(PointsEntry)
        .outerjoin(later, later.reverses_id == PointsEntry.id)
        .join(person, person.id == PointsEntry.customer_id)
        .where(sa.exists().where(Duplicate.first_id == person.id))
    )


def _at_once(app: Flask, organization_id: int, build: Callable[[], Any]) -> None:
    """Let many threads build and execute a statement at the same moment."""
    barrier = threading.Barrier(THREADS)

    def ask() -> None:
        with app.app_context(), use_organization(organization_id):
            db.session.connection()
            barrier.wait()
            db.session.execute(build())

    with ThreadPoolExecutor(THREADS) as pool:
        for answer in [pool.submit(ask) for _ in range(THREADS)]:
            answer.result()


@contextmanager
def _heard(app: Flask) -> Iterator[set[str]]:
    """Collect the statements that were compiled and are executed, but for those about all organizations."""
    seen: set[str] = set()

    def keep(connection: Any, cursor: Any, text: str, parameters: Any, context: Any, executemany: bool) -> None:
        free = context.execution_options.get("all_organizations")
        if context.compiled is not None and not free and text.startswith(("SELECT", "WITH")):
            seen.add(re.sub(r"\s+", " ", text))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", keep)
    yield seen
    event.remove(engine, "before_cursor_execute", keep)


@pytest.fixture
def busy() -> Iterator[None]:
    """Let threads interrupt each other after every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("busy")
def test_threads_that_share_a_fresh_alias_all_ask_the_same(app: Flask, cast: Cast) -> None:
    with _heard(app) as found:
        for _ in range(ROUNDS):
            with app.app_context():
                _forget_compiled()
            _at_once(app, cast.owner.organization_id, _by_alias())
    (statement,) = {text for text in found if "points_entries" in text}
    assert statement.count("organization_id =") == 4


def _forget_compiled() -> None:
    db.engine._compiled_cache.clear()  # type: ignore[union-attr]  # there is one


@pytest.fixture
def inside(cast: Cast) -> Iterator[Cast]:
    """Act as the owner of the shop, with a customer in a branch."""
    with cast.owner.acting():
        make_customer()
        yield cast


def _lose(alias: Any) -> None:
    """Leave an alias as a thread may have found it half made: its columns can't be looked up."""
    index = sa.inspect(alias).selectable.exported_columns._proxy_index
    index.clear()
    index["half"].clear()


LOSING: dict[str, Callable[[Any], Any]] = {
    "join": lambda one: sa.select(Duplicate.id).join(one, sa.literal_column("1") == 1),
    "outer join": lambda one: sa.select(Duplicate.id).outerjoin(one, sa.literal_column("1") == 1),
    "exists": lambda one: sa.select(Duplicate.id).where(sa.exists().select_from(one)),
    "scalar subquery": lambda one: sa.select(sa.select(sa.func.count()).select_from(one).scalar_subquery()),
    "subquery": lambda one: sa.select(sa.func.count()).select_from(
        sa.select(sa.literal(1)).select_from(one).subquery()
    ),
    "cte": lambda one: sa.select(sa.func.count()).select_from(sa.select(sa.literal(1)).select_from(one).cte()),
    "union": lambda one: sa.union_all(sa.select(Customer.id), sa.select(sa.literal(1)).select_from(one)),
    "update": lambda one: sa.update(Lead).values(name="x").where(sa.exists().select_from(one)),
    "delete": lambda one: sa.delete(Lead).where(sa.exists().select_from(one)),
    "correlated exists": lambda one: sa.delete(Lead).where(sa.exists().where(one.id == Lead.customer_id)),
}


@pytest.mark.parametrize("build", LOSING.values(), ids=LOSING)
@pytest.mark.filterwarnings("ignore:Did not locate an expression")
def test_a_statement_whose_alias_lost_its_condition_is_not_executed(inside: Cast, build: Callable[[Any], Any]) -> None:
    sound, half = aliased(Customer), aliased(Customer)
    options = {"synchronize_session": False}
    with transaction() as session:
        session.execute(build(sound), execution_options=options)
    _forget_compiled()
    statement = build(half)
    _lose(half)
    with pytest.raises(TenantError, match="lost its tenant condition: customers"), transaction() as session:
        session.execute(statement, execution_options=options)


@pytest.mark.filterwarnings("ignore:Did not locate an expression")
def test_a_statement_that_lost_the_condition_of_the_branch_is_not_executed(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with cast.owner.acting():
        branch = make_branch()
    with cast.owner.acting(branch):
        db.session.execute(sa.select(Customer.id))
        _forget_compiled()
        monkeypatch.setattr("crm.kernel.branch_scope.is_of_branch", lambda table, row: Lead.branch_id == branch)
        with pytest.raises(TenantError, match="customers"):
            db.session.execute(sa.select(Customer.name, Customer.id))


def test_an_update_that_reads_another_table_is_not_executed(inside: Cast) -> None:
    """SQLAlchemy adds no condition to what stands beside the table."""
    with pytest.raises(TenantError, match="customers"), transaction() as session:
        session.execute(sa.update(Lead).values(name=Customer.name).where(Customer.id == Lead.customer_id))


def test_a_condition_of_the_wrong_side_of_an_outer_join_is_none(inside: Cast) -> None:
    own = Customer.__table__.alias()
    lead = Lead.__table__.alias()
    both = own.outerjoin(lead, sa.and_(lead.c.organization_id == own.c.organization_id, own.c.organization_id == 1))
    with pytest.raises(TenantError, match="lost its tenant condition: customers"):
        db.session.execute(sa.select(Branch.id, own.c.name).select_from(Branch).join(both, sa.true()))


SHAPES: dict[str, Callable[[], Any]] = {
    "joined eager load": lambda: sa.select(Invoice).options(joinedload(Invoice.receipts)),
    "eager load by ids": lambda: sa.select(Invoice).options(selectinload(Invoice.receipts)),
    "limited eager load": lambda: sa.select(Invoice).options(joinedload(Invoice.receipts)).limit(1),
    "alias of an alias": lambda: sa.select(aliased(Customer)).join(aliased(Message), sa.true()),
    "entity from a subquery": lambda: sa.select(aliased(Customer, sa.select(Customer).limit(1).subquery())),
    "correlated": lambda: sa.select(
        sa.select(sa.func.count(Message.id)).where(Message.customer_id == Customer.id).scalar_subquery()
    ).select_from(Customer),
    "recursive": lambda: sa.select(_line().c.id),
    "lateral": lambda: sa.select(Customer.id).where(Customer.id.in_(sa.select(Receipt.id).where(Receipt.id > 0))),
    "free table": lambda: sa.select(Membership.id).join(Branch, Branch.id == Membership.branch_id),
}


def _line() -> sa.CTE:
    line = sa.select(Customer.id, Customer.merged_into_id).cte("line", recursive=True)
    other = aliased(Customer)
    return line.union_all(sa.select(other.id, other.merged_into_id).where(other.id == line.c.merged_into_id))


@pytest.mark.parametrize("build", SHAPES.values(), ids=SHAPES)
def test_statements_of_every_shape_have_their_conditions(app: Flask, cast: Cast, build: Callable[[], Any]) -> None:
    with cast.owner.acting():
        branch = make_branch()
    for bound in (None, branch):
        with cast.owner.acting(bound), _heard(app) as seen:
            db.session.execute(build())
        assert seen
        assert not [lost for text in seen for lost in _unfiltered(text)]


def test_every_statement_of_the_pages_has_its_conditions(app: Flask, cast: Cast) -> None:
    """Read them as text, by another way than the product does."""
    attempts = [attempt for attempt in tries(app) if attempt.method == "GET" and attempt.endpoint != "health.ready"]
    urls = [(attempt, attempt.url(app, cast.owner)) for attempt in attempts]
    with _heard(app) as seen:
        for attempt, url in urls:
            assert attempt.by(cast.owner, url).status_code < 500, url
    assert len(seen) > 100
    assert {text: lost for text in seen if (lost := _unfiltered(text))} == {}


def _unfiltered(text: str) -> list[str]:
    """Return the tables of tenants that a statement reads without comparing their organization."""
    tenants = {table.name for table in tenant_tables()}
    read = [(table, alias or table) for table, alias in _READ.findall(text)]
    return [
        alias
        for table, alias in read
        if table in tenants and len(re.findall(rf"\b{alias}\.organization_id = ", text)) < read.count((table, alias))
    ]


def test_what_threads_share_is_verified_before_there_are_any(app: Flask) -> None:
    statements = [one for one in all_shared() if not isinstance(one, sa.TextClause)]
    aliases = {
        from_
        for one in statements
        for from_ in sa.sql.visitors.iterate(one)  # type: ignore[arg-type,attr-defined]  # untyped
        if isinstance(from_, sa.Alias) and "parententity" in from_._annotations
    }
    assert len(aliases) >= 4
    assert not [from_ for from_ in aliases if not from_.exported_columns._proxy_index]


def test_no_alias_is_shared_in_another_way() -> None:
    """An alias stands in a function, or in a statement that is compiled at the start."""
    known = {part.table for one in all_shared() for part in sa.sql.visitors.iterate(one) if isinstance(part, sa.Column)}  # type: ignore[arg-type,attr-defined]  # untyped
    modules = [module for name, module in sys.modules.items() if name.startswith("crm.")]
    found = [(module, name) for module in modules for name, value in vars(module).items() if _aliases(value) - known]
    assert not found


def _aliases(value: object) -> set[Any]:
    values = value if isinstance(value, list | tuple | set) else value.values() if isinstance(value, dict) else [value]
    return {sa.inspect(one).selectable for one in values if isinstance(one, sa.Alias | AliasedClass)}
