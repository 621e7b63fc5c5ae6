"""The migrations make what the models say, on both databases."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from crm.kernel.extensions import db, migrate
from crm.kernel.health import migrations_are_current
from tests.postgres import PostgresServer
from tests.product import flask

DERIVED = {"text", "search_text"}
"""What searches look in, which is made anew."""

RENAMED = {("suppressions", "phone"): "address"}
"""Columns that have another name now."""

RELEASES = ("0001", "0008")
"""The heads of releases that people may come from."""


def scripts(app: Flask) -> ScriptDirectory:
    return ScriptDirectory.from_config(migrate.get_config())


@pytest.fixture
def settings(kind: str, environ: dict[str, str], tmp_path: Path, postgres_server: PostgresServer) -> dict[str, str]:
    """Return the settings of an installation with an empty database of this kind."""
    name = f"release_{uuid.uuid4().hex}"
    url = f"sqlite:///{tmp_path / name}.db" if kind == "sqlite" else postgres_server.create_database(name)
    return {**environ, "DATABASE_URL": url}


def test_there_is_one_way_through_them(app: Flask) -> None:
    with app.app_context():
        assert len(scripts(app).get_heads()) == 1
        assert len(scripts(app).get_bases()) == 1
        # Of two files with one number, only one would be read.
        assert len(list(scripts(app).walk_revisions())) == len(list(Path("migrations/versions").glob("*.py")))


def test_they_make_what_the_models_say(app: Flask) -> None:
    with app.app_context():
        command.check(migrate.get_config())


def test_a_migrated_database_is_current(app: Flask) -> None:
    with app.app_context():
        assert migrations_are_current()


def test_a_second_upgrade_changes_nothing(app: Flask) -> None:
    with app.app_context():
        before = _revision()
        flask_migrate.upgrade()
        assert _revision() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_migrates_an_empty_database(environ: dict[str, str], tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "new.db"
    flask({**environ, "DATABASE_URL": f"sqlite:///{path}"}, "db", "upgrade")
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM organizations")).scalar() == 0
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_what_an_earlier_release_stored_is_still_there(release: str, kind: str, settings: dict[str, str]) -> None:
    """A row in every table, with something in every column, goes through the migrations unchanged."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", release)
    with _connected(url) as connection:
        before = _fill(connection)
    flask(settings, "db", "upgrade")
    with _connected(url) as connection:
        after = sa.MetaData()
        after.reflect(connection)
        for table, values in before.items():
            row = connection.execute(sa.select(after.tables[table])).mappings().one()
            kept = values.keys() - DERIVED
            assert {column: row[RENAMED.get((table, column), column)] for column in kept} == {
                column: values[column] for column in kept
            }, table


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_dinars_get_their_third_decimal(kind: str, settings: dict[str, str]) -> None:
    """1.25 is 1.250, and nothing in another currency changes."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0041")
    currencies = {1: "IQD", 2: "IDR"}
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_, currency in currencies.items():
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_), currency=currency, earn_per=125)
        for id_ in currencies:
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(id_), True)))
            here = {"organization_id": id_, "branch_id": None}
            customer = {**here, "id": id_, "email": str(id_), "archived_by_id": None, "total_spent": 125}
            _insert(connection, metadata, "customers", **customer)
            invoice = {"organization_id": id_, "customer_id": id_, "amount": 125}
            invoice |= {"created_by_id": None, "voided_by_id": None}
            _insert(connection, metadata, "invoices", id=id_, **invoice)
            told = {"organization_id": id_, "customer_id": id_, "actor_id": None, "changes": {"amount": [None, 125]}}
            _insert(connection, metadata, "events", id=id_, **told)

    flask(settings, "db", "upgrade")

    for id_, amount in ((1, 1_250), (2, 125)):
        with _connected(url, id_) as connection:
            metadata = sa.MetaData()
            metadata.reflect(connection)
            for table, column in (("organizations", "earn_per"), ("customers", "total_spent"), ("invoices", "amount")):
                rows = metadata.tables[table]
                assert connection.scalar(sa.select(rows.c[column]).where(rows.c.id == id_)) == amount, table
            events = metadata.tables["events"]
            changes = connection.scalar(sa.select(events.c.changes).where(events.c.id == id_))
            assert changes == {"amount": [None, amount]}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_points_of_before_become_lots_and_nobodys_balance_or_tier_changes(kind: str, settings: dict[str, str]) -> None:
    """Deductions drew from the oldest; a merge and a reversal change nothing of that."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0048")
    ledger = [
        # id, customer, applied, key, reverses, day
        (1, 1, 600, "earned:invoice-1", None, 1),
        (2, 1, -50, "request:a", None, 2),
        (3, 2, 40, "entry:b", None, 2),
        (4, 1, -550, "reverse:1", 1, 3),
        (5, 1, 300, "demo:5", None, 4),
        (6, 1, 20, "reverse:2", 2, 5),
        (7, 1, -310, "entry:c", None, 6),
        (8, 3, 10, "earned:invoice-2", None, 7),
    ]
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        _insert(connection, metadata, "organizations", id=1, slug="shop", time_zone="Asia/Jakarta")
        for id_, points, tier in ((1, 10, "bronze"), (2, 40, "bronze"), (3, 10, "bronze"), (4, 0, "bronze")):
            named = {"id": id_, "email": str(id_), "organization_id": 1, "branch_id": None, "archived_by_id": None}
            _insert(connection, metadata, "customers", **named, loyalty_points=points, tier=tier, merged_into_id=None)
        balances: dict[int, int] = {}
        for id_, customer, applied, key, reverses, day in ledger:
            balance = balances[customer] = balances.get(customer, 0) + applied
            at = dt.datetime(2026, 3, day, 20, tzinfo=dt.UTC)  # the next day in Jakarta
            values = {"customer_id": customer, "asked": applied, "applied": applied, "balance": balance, "key": key}
            values |= {"organization_id": 1, "reverses_id": reverses, "created_by_id": None, "created_at": at}
            _insert(connection, metadata, "points_entries", id=id_, **values)

    flask(settings, "db", "upgrade")

    with _connected(url) as connection:
        entries = connection.execute(
            sa.text("SELECT id, kind, counts, CAST(counts_on AS text), remaining, expires_on, owed FROM points_entries")
        )
        assert sorted(map(tuple, entries)) == [
            (1, "earn", 600, "2026-03-02", 0, None, 0),
            (2, "manual", -50, "2026-03-03", 0, None, 0),
            (3, "manual", 40, "2026-03-03", 40, None, 0),
            (4, "clawback", -550, "2026-03-02", 0, None, 0),
            (5, "manual", 300, "2026-03-05", 0, None, 0),
            (6, "manual", 20, "2026-03-03", 10, None, 0),
            (7, "manual", -310, "2026-03-07", 0, None, 0),
            (8, "earn", 10, "2026-03-08", 10, None, 0),
        ]
        draws = connection.execute(sa.text("SELECT entry_id, lot_id, points FROM points_draws ORDER BY id"))
        assert list(map(tuple, draws)) == [(2, 1, 50), (4, 1, 550), (7, 5, 300), (7, 6, 10)]
        customers = connection.execute(
            sa.text("SELECT id, loyalty_points, tier, CAST(tier_since AS text) FROM customers ORDER BY id")
        )
        assert list(map(tuple, customers)) == [
            (1, 10, "bronze", "2026-03-07"),
            (2, 40, "bronze", None),
            (3, 10, "bronze", None),
            (4, 0, "bronze", None),
        ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_bookings_of_before_end_on_their_day(kind: str, settings: dict[str, str]) -> None:
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0036")
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_ in (1, 2):
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_))
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(id_), True)))
            here = {"organization_id": id_, "branch_id": None, "lead_id": None}
            _insert(connection, metadata, "bookings", id=id_, date=dt.date(2027, 1, id_), **here)

    flask(settings, "db", "upgrade")

    for id_ in (1, 2):
        with _connected(url, id_) as connection:
            ends = connection.scalar(sa.text("SELECT ends_on FROM bookings WHERE id = :id"), {"id": id_})
            assert str(ends) == f"2027-01-0{id_}"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_customers_get_the_totals_of_the_invoices_that_are_there(kind: str, settings: dict[str, str]) -> None:
    """By organization, each with its own day; what is void does not count, and nothing else of a customer changes."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0008")
    early = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)  # the second of March in Jakarta already
    first, second = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
    rows = {
        # organization and customer: date, amount, status
        (1, 1): [(first, 500, "open"), (second, 700, "open"), (second, 10_000, "void")],
        (1, 2): [(second, 100, "void")],
        (1, 3): [],
        (2, 4): [(first, 9_000_000_000_00, "open"), (first, 9_000_000_000_00, "open")],
        (2, 5): [(dt.date(2026, 2, 3), 1, "open")],
    }
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_, zone in ((1, "Asia/Jakarta"), (2, "UTC"), (3, "Mars/Olympus")):
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_), time_zone=zone)
        for (organization, customer), invoices in rows.items():
            ids = {"organization_id": organization}
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(organization), True)))
            here = {**ids, "branch_id": None, "archived_by_id": None}
            _insert(connection, metadata, "customers", id=customer, email=str(customer), **here)
            for date, amount, status in invoices:
                values = {**ids, "customer_id": customer, "date": date, "amount": amount, "status": status}
                _insert(connection, metadata, "invoices", id=None, created_at=early, created_by_id=None, **values)

    flask(settings, "db", "upgrade")

    found = {}
    for organization in (1, 2):
        with _connected(url, organization) as connection:
            metadata = sa.MetaData()
            metadata.reflect(connection)
            customers = metadata.tables["customers"]
            statement = sa.select(customers).where(customers.c.organization_id == organization)
            for row in connection.execute(statement):
                moment = row.last_order_at and row.last_order_at.replace(tzinfo=row.last_order_at.tzinfo or dt.UTC)
                found[row.id] = (row.total_orders, row.total_spent, moment and moment.astimezone(dt.UTC))
    assert found == {
        1: (2, 1_200, early),
        2: (0, 0, None),
        3: (0, 0, None),
        4: (2, 18_000_000_000_00, early),
        5: (1, 1, dt.datetime(2026, 2, 3, tzinfo=dt.UTC)),
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_numbers_of_before_are_read_again_and_all_contacts_are_found(kind: str, settings: dict[str, str]) -> None:
    """Those of Brazil and Mexico that were kept as typed, in each organization; no other number changes."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0024")
    typed = {
        (1, 1): ("+55 31 8888-7777 ext 12", False),
        (1, 2): ("+6281234567890", True),
        (1, 3): ("ask Sari 52", False),
        (2, 4): ("044 55 1234 5678", False),
        (2, 5): ("", False),
    }
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_, region in ((1, "ID"), (2, "MX")):
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_), phone_region=region)
        for (organization, customer), (number, valid) in typed.items():
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(organization), True)))
            here = {"organization_id": organization, "branch_id": None, "archived_by_id": None, "merged_into_id": None}
            person = {"phone": number, "phone_valid": valid, "name": "Söri", "passport_number": "X7654321"}
            _insert(connection, metadata, "customers", id=customer, email=f"{customer}@a.example", **here, **person)
            _insert(
                connection, metadata, "customer_search", customer_id=customer, organization_id=organization, text=""
            )
            key = {"organization_id": organization, "customer_id": customer, "kind": "phone", "value": "+6281311112222"}
            _insert(connection, metadata, "customer_keys", id=customer, **key)

    flask(settings, "db", "upgrade")

    found = {}
    for organization in (1, 2):
        with _connected(url, organization) as connection:
            metadata = sa.MetaData()
            metadata.reflect(connection)
            customers, search = metadata.tables["customers"], metadata.tables["customer_search"]
            statement = sa.select(customers, search.c.text).join(search, search.c.customer_id == customers.c.id)
            for row in connection.execute(statement.where(customers.c.organization_id == organization)):
                found[row.id] = (row.phone, bool(row.phone_valid), row.phone_extension)
                assert {"soeri", "x7654321", "6281311112222"} <= set(row.text.split()), row.text
                assert f"{row.id}@a.example" in row.text
    assert found == {
        1: ("+5531988887777", True, "12"),
        2: ("+6281234567890", True, ""),
        3: ("ask Sari 52", False, ""),
        4: ("+525512345678", True, ""),
        5: ("", False, ""),
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_tokens_of_before_belong_to_the_one_organization_of_their_user(kind: str, settings: dict[str, str]) -> None:
    """Those of a user with several end, for nobody knows which one their client meant."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0019")
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_ in (1, 2):
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_))
        for user, organizations in {1: (2,), 2: (1, 2), 3: ()}.items():
            _insert(connection, metadata, "users", id=user, username=str(user))
            _insert(connection, metadata, "token_families", id=user, user_id=user, refresh_hash=str(user))
            for organization in organizations:
                ids = {"organization_id": organization, "user_id": user, "branch_id": None}
                _insert(connection, metadata, "memberships", id=None, **ids)

    flask(settings, "db", "upgrade")

    with _connected(url) as connection:
        kept = connection.execute(sa.text("SELECT id, organization_id FROM token_families")).all()
        assert [tuple(row) for row in kept] == [(1, 2)]
        if kind == "sqlite":
            last = "SELECT seq FROM sqlite_sequence WHERE name = 'token_families'"
            assert connection.execute(sa.text(last)).scalar() == 3, "ids that tokens name are not used again"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_names_of_before_are_found_by_the_letters_of_today(kind: str, settings: dict[str, str]) -> None:
    """What folds otherwise now is folded again, in each organization; other names stay as they are."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0021")
    keys = {1: ("خاں", "خان"), 2: ("ڪريم", "كريم"), 3: ("siti", "siti"), 4: ("王伟", "王伟")}
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_, (before, _) in keys.items():
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_))
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(id_), True)))
            here = {"organization_id": id_, "branch_id": None, "archived_by_id": None, "merged_into_id": None}
            _insert(connection, metadata, "customers", id=id_, email=str(id_), name_key=before, **here)
            _insert(connection, metadata, "customer_search", customer_id=id_, organization_id=id_, text=f"  {before}")

    flask(settings, "db", "upgrade")

    for id_, (_, after) in keys.items():
        with _connected(url, id_) as connection:
            key = connection.execute(sa.text("SELECT name_key FROM customers WHERE id = :id"), {"id": id_}).scalar()
            found = sa.text("SELECT text FROM customer_search WHERE customer_id = :id")
            assert (key, connection.execute(found, {"id": id_}).scalar()) == (after, f"  {after}")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ids_are_never_used_again(app: Flask) -> None:
    """A deleted row's id in a link or log never means another row; a sequence of PostgreSQL never goes back."""
    with app.app_context():
        statement = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%PRIMARY KEY%'")
        with db.engine.connect() as connection:
            rows = connection.execute(statement).all()
    reused = {name for name, sql in rows if " id " in sql and "AUTOINCREMENT" not in sql and "fts" not in name}
    assert not reused


def _revision() -> tuple[str, ...]:
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_heads()


@contextmanager
def _connected(url: str, organization: int = 1) -> Iterator[sa.Connection]:
    engine = sa.create_engine(url.replace("postgres://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.set_config("app.organization_id", str(organization), True)))
        yield connection
    engine.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_who_entered_an_account_at_twilio_has_one_of_their_own(kind: str, settings: dict[str, str]) -> None:
    """Which one can't be read, so it is nobody else's; the others use the installation's."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0022")
    secrets = {1: "twilio_auth_token", 2: "webhook_secret", 3: "twilio_account_sid"}
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_, secret in secrets.items():
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_))
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(id_), True)))
            _insert(connection, metadata, "organization_secrets", id=None, organization_id=id_, name=secret)
        _insert(connection, metadata, "organizations", id=4, slug="4")
    flask(settings, "db", "upgrade")
    with _connected(url) as connection:
        rows = connection.execute(sa.text("SELECT id, twilio_account, secrets_stamp FROM organizations ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            (1, "own-1", "before"),
            (2, "", "before"),
            (3, "own-3", "before"),
            (4, "", ""),
        ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_texts_of_before_know_the_other_spelling_of_their_number(kind: str, settings: dict[str, str]) -> None:
    """Those of Mexico, Argentina and Brazil, in each organization."""
    url = settings["DATABASE_URL"]
    flask(settings, "db", "upgrade", "0019")
    twins = {
        (1, "+5215512345678"): "+525512345678",
        (1, "+6281234567890"): "",
        (2, "+553188887777"): "+5531988887777",
        (2, "+5491123456789"): "+541123456789",
        (2, "+55 shop"): "",
    }
    with _connected(url) as connection:
        metadata = sa.MetaData()
        metadata.reflect(connection)
        for id_ in (1, 2):
            _insert(connection, metadata, "organizations", id=id_, slug=str(id_))
        for number, (organization, sender) in enumerate(twins):
            if kind == "postgresql":
                connection.execute(sa.select(sa.func.set_config("app.organization_id", str(organization), True)))
            ids = {"organization_id": organization, "provider_id": str(number)}
            _insert(connection, metadata, "inbound_messages", id=None, sender=sender, **ids)

    flask(settings, "db", "upgrade")

    found = {}
    for organization in (1, 2):
        with _connected(url, organization) as connection:
            rows = sa.text("SELECT organization_id, sender, twin FROM inbound_messages WHERE organization_id = :id")
            for row in connection.execute(rows, {"id": organization}):
                found[row.organization_id, row.sender] = row.twin
    assert found == twins


def _insert(connection: sa.Connection, metadata: sa.MetaData, table: str, **given: Any) -> None:
    columns = metadata.tables[table].columns
    values = {column.name: _something(column) for column in columns} | given
    connection.execute(metadata.tables[table].insert().values({k: v for k, v in values.items() if k != "id" or v}))


def _fill(connection: sa.Connection) -> dict[str, dict[str, Any]]:
    """Put one row in every table, whose references are to the others; return them by table."""
    metadata = sa.MetaData()
    metadata.reflect(connection)
    rows: dict[str, dict[str, Any]] = {}
    for table in metadata.sorted_tables:
        if table.name.startswith(("alembic_", "customer_search_fts", "sqlite_")):
            continue
        values = {column.name: _something(column) for column in table.columns}
        connection.execute(table.insert().values(values))
        rows[table.name] = dict(connection.execute(sa.select(table)).mappings().one())
    return rows


def _something(column: sa.Column[Any]) -> Any:
    match column.type:
        case sa.Boolean():
            return True
        case sa.Integer():
            return 1
        case sa.DateTime():
            return dt.datetime(2026, 11, 20, 8, 30, tzinfo=dt.UTC)
        case sa.Date():
            return dt.date(2026, 11, 20)
        case sa.Time():
            return dt.time(21, 0)
        case sa.JSON():
            return {"was": "here"}
        case _:
            return "1"
