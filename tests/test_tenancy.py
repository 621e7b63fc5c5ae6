"""No way out of one's organization: by the ORM, by foreign keys, by PostgreSQL itself, and by forms."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import aliased, selectinload

from crm.accounts.models import Branch
from crm.accounts.services import change_organization
from crm.customers.models import Customer, CustomerSearch
from crm.invoices.models import Invoice
from crm.kernel.columns import Base
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import (
    TenantError,
    require_organization,
    tenant_tables,
    use_organization,
)
from crm.kernel.work import due
from crm.messages.models import Message
from tests.factories import Cast, make_branch, make_customer, make_invoice, make_message
from tests.postgres import PostgresServer
from tests.servers import ROOT

FREE = {
    "organizations": "the tenants themselves",
    "users": "a person may work in several organizations",
    "memberships": "asked for before the organization is known",
    "sign_ins": "asked for before the organization is known",
    "sign_in_failures": "of nobody",
    "token_families": "asked for before the organization is known",
    "due_work": "one query finds the work of all organizations",
    "attempt_places": "a provider's report names an attempt, and its organization is found by it",
    "sender_tests": "a provider's report names a test message, and its organization is found by it",
    "customer_search": "row-level security would switch its trigram index off",
    "referral_codes": "a link names no organization, which is found by its code",
    "worker_beats": "of the installation",
    "installations": "the installation's own name",
    "spent_tokens": "a webhook's token names no organization",
    "sent_messages": "outlives an organization, so that a restored copy knows what was sent",
    "erased_rows": "of the installation: they outlive the organization",
    "user_letters": "about a user, who may work in several organizations or none",
    "password_requests": "whom they mean is not known yet",
    "user_links": "asked for before the organization is known",
}
"""The tables that are outside the locks, and why."""


class Rows:
    """The ids of one row of each kind in both organizations."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        with cast.owner.acting():
            self.customer, self.branch, self.invoice = make_customer(name="Ours"), make_branch(), make_invoice()
            self.message = make_message(customer_id=self.customer)
        with cast.stranger.acting():
            self.their_customer, self.their_branch = make_customer(name="Theirs"), make_branch()
            self.their_message = make_message(customer_id=self.their_customer)


@pytest.fixture
def rows(cast: Cast) -> Rows:
    return Rows(cast)


@pytest.fixture
def inside(rows: Rows) -> Iterator[Rows]:
    """Act as the owner of the shop."""
    with rows.cast.owner.acting():
        yield rows


def test_every_table_is_a_tenants_or_is_listed_as_free(app: Flask) -> None:
    tenants = {table.name for table in tenant_tables()}
    assert {table.name for table in Base.metadata.sorted_tables} == tenants | set(FREE)
    assert not tenants & set(FREE)
    for table in tenant_tables():
        assert not table.c.organization_id.nullable, table.name


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SERVED = """
from wsgi import app
from crm.kernel import tenancy
from crm.kernel.columns import Base, Id

declared = {m.local_table for m in Base.registry.mappers if issubclass(m.class_, tenancy.TenantMixin)}
assert declared == tenancy.tenant_tables(), declared ^ tenancy.tenant_tables()
assert len(tenancy._branch_scope) > 20
assert len(Base.metadata.tables) > len(declared) > 30
"""


@only_sqlite
def test_a_process_that_imports_nothing_else_knows_every_table(environ: dict[str, str]) -> None:
    """Tests import more than the programs do, so that a table may be known here and not there."""
    done = subprocess.run([sys.executable, "-c", SERVED], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]


LATE = """
from sqlalchemy.orm import Mapped
from wsgi import app
from crm.kernel import tenancy
from crm.kernel.columns import Base, Id

class Late(tenancy.TenantMixin, Base):
    __tablename__ = "late"
    id: Mapped[Id]

with app.app_context():
    tenancy.init_tenancy()
"""


@only_sqlite
def test_a_table_that_is_declared_too_late_is_refused(environ: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-c", LATE], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert "TenantError: declared after the first application: late" in done.stderr


def test_tenants_rows_only_point_within_their_organization(app: Flask) -> None:
    """A foreign key to a tenant's table carries the organization, so that the database refuses another's row."""
    tenants = tenant_tables()
    loose = [
        f"{table.name}.{key.column_keys}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_key_constraints
        if key.referred_table in tenants and "organization_id" not in key.column_keys
    ]
    assert not loose


def test_own_rows_are_found_and_others_are_not(inside: Rows) -> None:
    assert db.session.get(Customer, inside.customer) is not None
    assert db.session.get(Customer, inside.their_customer) is None
    assert [
        row.name for row in db.session.scalars(sa.select(Customer).where(Customer.name.in_(["Ours", "Theirs"])))
    ] == ["Ours"]


def test_nothing_of_another_organization_is_counted_joined_or_loaded(inside: Rows) -> None:
    customer, message = aliased(Customer), aliased(Message)
    theirs = inside.their_customer
    empty: list[sa.Select[Any]] = [
        sa.select(sa.func.count(Customer.id)).where(Customer.id == theirs),
        sa.select(sa.func.count()).select_from(customer).where(customer.id == theirs),
        sa.select(sa.func.count()).select_from(sa.select(Customer.id).where(Customer.id == theirs).subquery()),
        sa.select(sa.func.count()).select_from(
            sa.union_all(
                sa.select(Customer.id).where(Customer.id == theirs),
                sa.select(Message.id).where(Message.customer_id == theirs),
            ).subquery()
        ),
        sa.select(sa.func.count()).select_from(sa.select(Customer.id).where(Customer.id == theirs).cte()),
        sa.select(sa.func.count(Customer.id))
        .join(message, message.customer_id == Customer.id)
        .where(message.customer_id == theirs),
        sa.select(sa.func.count(Branch.id)).where(sa.exists().where(Customer.id == theirs)),
        sa.select(sa.func.count(Branch.id)).where(sa.select(Customer.id).where(Customer.id == theirs).exists()),
        sa.select(sa.func.count(Branch.id)).where(sa.literal(theirs).in_(sa.select(Customer.id))),
    ]
    assert [db.session.scalar(statement) for statement in empty] == [0] * len(empty)
    assert db.session.scalar(sa.select(sa.exists().where(Customer.id == theirs))) is False
    outer = sa.select(Customer.id, Branch.id).outerjoin(Branch, Branch.id == inside.their_branch)
    assert {branch for _, branch in db.session.execute(outer)} == {None}


def test_relationships_stay_within(inside: Rows) -> None:
    statement = sa.select(Message).options(selectinload(Message.attempts))
    assert [row.customer.name for row in db.session.scalars(statement)] == ["Ours"]


def test_others_rows_are_not_updated_or_deleted(inside: Rows) -> None:
    with transaction() as session:
        session.execute(sa.update(Customer).where(Customer.id == inside.their_customer).values(name="Stolen"))
        session.execute(sa.delete(Message).where(Message.id == inside.their_message))
        session.execute(sa.update(Customer).values(city="Bogor"))
    with inside.cast.stranger.acting():
        theirs = db.session.get_one(Customer, inside.their_customer)
        assert (theirs.name, theirs.city) == ("Theirs", "")
        assert db.session.get(Message, inside.their_message) is not None


def _insert_elsewhere(rows: Rows) -> None:
    db.session.add(Customer(name="x", name_key="x", organization_id=rows.cast.stranger.organization_id))
    db.session.flush()


def _move_away(rows: Rows) -> None:
    db.session.get_one(Customer, rows.customer).organization_id = rows.cast.stranger.organization_id
    db.session.flush()


def _load_anyway(rows: Rows) -> list[Customer]:
    return list(db.session.scalars(sa.select(Customer).execution_options(all_organizations=True)))


REFUSED: dict[str, Callable[[Rows], object]] = {
    "an insert into another organization": _insert_elsewhere,
    "a move into another organization": _move_away,
    "a bulk insert": lambda rows: db.session.execute(sa.insert(Customer), [{"name": "b", "organization_id": 2}]),
    "a Core select": lambda rows: db.session.execute(sa.select(Customer.__table__)).all(),
    "a Core update": lambda rows: db.session.execute(sa.update(Customer.__table__).values(name="x")),
    "a Core delete": lambda rows: db.session.execute(sa.delete(Customer.__table__)),
    "a Core subquery": lambda rows: db.session.execute(
        sa.select(sa.func.count()).select_from(sa.select(Customer.__table__).subquery())
    ).all(),
    "raw SQL": lambda rows: db.session.execute(sa.text("SELECT * FROM customers")).all(),
    "an object by raw SQL": lambda rows: db.session.scalars(
        sa.select(Customer).from_statement(sa.text("SELECT * FROM customers"))
    ).all(),
    "loading objects of all organizations": _load_anyway,
}


@pytest.mark.parametrize("attempt", REFUSED.values(), ids=REFUSED)
def test_it_refuses(inside: Rows, attempt: Callable[[Rows], object]) -> None:
    if db.engine.dialect.name == "postgresql" and attempt is _load_anyway:
        found = _load_anyway(inside)
        ours = {inside.cast.owner.organization_id}
        assert {row.organization_id for row in found} == ours, "row-level security hides others' before that"
        return
    with pytest.raises(TenantError):
        attempt(inside)
    db.session.rollback()


@pytest.mark.parametrize(
    "make",
    [
        lambda rows: Message(customer_id=rows.their_customer, channel="sms", body="x", send_at=sa.func.now()),
        lambda rows: Invoice(customer_id=rows.their_customer, amount=1, currency="IDR", date=sa.func.current_date()),
        lambda rows: Customer(name="x", name_key="x", branch_id=rows.their_branch),
    ],
    ids=["message", "invoice", "customer"],
)
def test_the_database_refuses_a_row_that_points_to_another_organization(
    inside: Rows, make: Callable[[Rows], Base]
) -> None:
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(make(inside))


WITHOUT: dict[str, Callable[[], object]] = {
    "select": lambda: db.session.scalars(sa.select(Customer)).all(),
    "get": lambda: db.session.get(Customer, 1),
    "exists": lambda: db.session.scalar(sa.select(sa.exists().where(Customer.name == "x"))),
    "count": lambda: db.session.scalar(sa.select(sa.func.count(Event.id))),
    "update": lambda: db.session.execute(sa.update(Customer).values(name="x")),
    "delete": lambda: db.session.execute(sa.delete(Customer)),
    "insert": lambda: (db.session.add(Customer(name="x", name_key="x")), db.session.flush()),
}


@pytest.mark.parametrize("attempt", WITHOUT.values(), ids=WITHOUT)
def test_nothing_works_without_an_organization(app: Flask, rows: Rows, attempt: Callable[[], object]) -> None:
    with app.app_context():
        with pytest.raises((TenantError, StatementError)) as caught:
            attempt()
        assert isinstance(getattr(caught.value, "orig", caught.value), TenantError)
        db.session.rollback()


def test_a_session_never_serves_two_organizations(inside: Rows) -> None:
    ours = db.session.get_one(Message, inside.message)
    with use_organization(inside.cast.stranger.organization_id):
        assert db.session.get(Message, inside.message) is None
        assert sa.inspect(ours).detached
    assert require_organization() == inside.cast.owner.organization_id
    assert db.session.get(Message, inside.message) is not ours


def test_threads_do_not_share_the_organization(inside: Rows) -> None:
    found: list[str] = []

    def look() -> None:
        try:
            require_organization()
        except TenantError:
            found.append("none")

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == ["none"]


def test_requests_of_two_organizations_in_turn_stay_apart(rows: Rows) -> None:
    ours, theirs = rows.cast.owner.client(), rows.cast.stranger.client()
    for _ in range(5):
        assert ours.get(f"/settings/branches/{rows.branch}/edit").status_code == 200
        assert ours.get(f"/settings/branches/{rows.their_branch}/edit").status_code == 404
        assert theirs.get(f"/settings/branches/{rows.their_branch}/edit").status_code == 200
        assert theirs.get(f"/settings/branches/{rows.branch}/edit").status_code == 404


def test_a_change_in_one_organization_from_within_another_stays_apart(inside: Rows) -> None:
    change_organization(inside.cast.stranger.organization_id, {"name": "Renamed"})
    assert require_organization() == inside.cast.owner.organization_id
    assert "organization.changed" not in set(db.session.scalars(sa.select(Event.action)))


def test_a_branch_of_another_organization_is_refused_for_a_user(rows: Rows) -> None:
    fields = {"username": "made", "password": "three grey apples", "role": "staff", "branch": str(rows.their_branch)}
    assert rows.cast.owner.client().post("/settings/users", data=fields).status_code == 422
    with rows.cast.owner.acting():
        assert "user.added" not in set(db.session.scalars(sa.select(Event.action)))


def test_a_branch_of_another_organization_is_refused_for_a_customer(rows: Rows) -> None:
    fields = {"name": "Made", "branch": str(rows.their_branch)}
    assert rows.cast.owner.client().post("/customers/new", data=fields).status_code == 422
    with rows.cast.owner.acting():
        assert "Made" not in set(db.session.scalars(sa.select(Customer.name)))


def test_the_search_text_is_only_that_of_ones_own_customers(inside: Rows) -> None:
    """The one free table with customers' data: its rows carry the organization, and the database keeps it right."""
    row = db.session.get_one(CustomerSearch, inside.customer)
    assert row.organization_id == inside.cast.owner.organization_id
    theirs = CustomerSearch(customer_id=inside.their_customer, organization_id=row.organization_id, text="x")
    with pytest.raises(IntegrityError), transaction() as session:
        session.add(theirs)


def test_due_work_carries_the_current_organization(inside: Rows) -> None:
    with transaction():
        due.put_off("test", [inside.message], db.session.get_one(Message, inside.message).send_at)
    found = db.session.scalars(sa.select(due.DueWork.organization_id).where(due.DueWork.kind == "test")).all()
    assert found == [inside.cast.owner.organization_id]


# Row-level security, the second lock: asked past the product, as its own role.

only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@contextmanager
def raw(database_url: str, organization_id: int | None = None) -> Iterator[psycopg.Connection[Any]]:
    """Connect as the role that owns the tables, without the product."""
    with psycopg.connect(database_url) as connection:
        if organization_id is not None:
            connection.execute("SELECT set_config('app.organization_id', %s, true)", [str(organization_id)])
        yield connection
        connection.rollback()


@only_postgresql
def test_every_tenants_table_is_locked_by_a_forced_policy(app: Flask, database_url: str) -> None:
    with raw(database_url) as connection:
        locked = connection.execute(
            "SELECT relname FROM pg_class JOIN pg_policy ON polrelid = pg_class.oid"
            " WHERE relrowsecurity AND relforcerowsecurity AND polcmd = '*' AND polqual IS NOT NULL"
            " AND polwithcheck IS NOT NULL"
        ).fetchall()
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        (is_super,) = (
            connection.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
            or ()
        )
    assert not is_super, "row-level security does not hold for this role"
    names = {name for (name,) in locked}
    assert names == {table.name for table in tenant_tables()}
    assert {name for (name,) in tables} == names | set(FREE) | {"alembic_version"}


@only_postgresql
def test_without_an_organization_postgresql_shows_and_takes_nothing(rows: Rows, database_url: str) -> None:
    with raw(database_url) as connection:
        for table in tenant_tables():
            assert connection.execute(f"SELECT count(*) FROM {table.name}").fetchone() == (0,), table.name
            assert connection.execute(f"DELETE FROM {table.name}").rowcount == 0, table.name
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO branches (organization_id, name) VALUES (1, 'x')")


@only_postgresql
def test_postgresql_shows_and_changes_ones_own_rows_alone(rows: Rows, database_url: str) -> None:
    ours, theirs = rows.cast.owner.organization_id, rows.cast.stranger.organization_id
    with raw(database_url, ours) as connection:
        assert connection.execute("SELECT DISTINCT organization_id FROM customers").fetchall() == [(ours,)]
        assert connection.execute("UPDATE customers SET name = 'x' WHERE id = %s", [rows.their_customer]).rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO branches (organization_id, name) VALUES (%s, 'x')", [theirs])
    with raw(database_url, ours) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("UPDATE customers SET organization_id = %s", [theirs])


@only_postgresql
def test_the_organization_ends_with_the_transaction(inside: Rows) -> None:
    """The connection goes back to the pool: the next one to use it has no organization by itself."""
    db.session.scalars(sa.select(Customer)).all()
    db.session.rollback()
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT current_setting('app.organization_id', true)").scalar() in (None, "")
        assert connection.exec_driver_sql("SELECT count(*) FROM customers").scalar() == 0


@only_postgresql
def test_the_superuser_would_see_everything(
    rows: Rows, postgres_server: PostgresServer, postgres_database: str
) -> None:
    """What makes the tests above worth something: the rows are there."""
    with postgres_server.connect(postgres_database) as connection:
        assert connection.execute("SELECT count(DISTINCT organization_id) FROM customers").fetchone() == (2,)
