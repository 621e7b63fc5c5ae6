"""Which indexes lists and searches read among many rows: what is shown, and no more than a bounded number besides."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.bookings.models import Booking
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.leads.models import Lead
from crm.values import clock
from tests.factories import Cast, make_booking

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def many(cast: Cast) -> None:
    """Make 6,000 leads, 24 of them of the staff, and as many bookings, of nearly all of the days before."""
    now, people = clock.utcnow(), (cast.manager.user_id, cast.owner.user_id, None)
    leads = [
        {
            "name": f"Lead {n}",
            "activity_at": now,
            "search_text": f"lead {n}",
            "status": ("new", "contacted", "converted", "lost")[n % 4],
            "assigned_to_id": people[n % 3] if n % 251 else cast.staff.user_id,
            "next_follow_up_at": now + dt.timedelta(minutes=n - 3_000) if n % 2 else None,
        }
        for n in range(6_000)
    ]
    days = [now.date() + dt.timedelta(days=n // 20 - 290) for n in range(6_000)]
    bookings = [
        {"number": f"B-{n}", "number_key": f"b-{n}", "date": day, "ends_on": day, "search_text": f"b-{n} bali trip"}
        for n, day in enumerate(days)
    ]
    event, tables = {"action": "customer.edited", "customer_id": 1, "changes": {}}, ("customers", "leads")
    with cast.owner.acting():
        with transaction():
            insert_many(Lead, leads)
            insert_many(Booking, bookings)
            insert_many(Event, [{**event, "subject": table, "subject_id": n} for n in range(3_000) for table in tables])
        make_booking(date=now.date() - dt.timedelta(days=3), date_until=now.date() + dt.timedelta(days=3))
        with transaction() as session:
            session.connection().exec_driver_sql("ANALYZE")


@contextmanager
def plans(app: Flask, table: str) -> Iterator[list[str]]:
    """Collect the lines of plans that read the table, but for those of what is due."""
    found: list[str] = []

    def explain(connection: Any, _: Any, statement: str, parameters: Any, __: Any, many: bool) -> None:
        if not statement.startswith(("SELECT", "WITH")) or "set_config" in statement or "messages" in statement:
            return
        words = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
        rows = connection.connection.driver_connection.execute(f"{words} {statement}", parameters).fetchall()
        found.extend(line for row in rows if re.search(rf"\b(ix_)?{table}\b|ix_{table}_", line := str(row[-1])))

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", explain)


@pytest.mark.usefixtures("many")
def test_the_leads_of_one_person_are_read_by_the_indexes_of_persons(app: Flask, cast: Cast) -> None:
    client = cast.staff.client()
    for query in ("", "&follow_up=overdue", "&follow_up=week", "&status=all", "&status=new", "&view=board"):
        with plans(app, "leads") as lines:
            assert client.get(f"/leads?mine=1{query}").status_code == 200
        assert "ix_leads_assigned" in " ".join(lines), (query, lines)
        of_all = re.compile(r"ix_leads_(open|follow_up|status)|Seq Scan on leads|SCAN leads|autoindex_leads")
        assert not [line for line in lines if of_all.search(line)], (query, lines)


@SQLITE
@pytest.mark.usefixtures("many")
def test_upcoming_bookings_are_read_from_their_first_day(app: Flask, cast: Cast) -> None:
    client = cast.staff.client()
    with plans(app, "bookings") as lines:
        page = client.get("/bookings").text
    assert [line for line in lines if "ix_bookings_date (organization_id=? AND date>?)" in line], lines
    assert [line for line in lines if "INDEX ix_bookings_days" in line], lines
    first = re.findall(r'href="/bookings/(\d+)"', page)[0]
    assert int(first) == 6_001, "what goes on since before stands first"


@SQLITE
@pytest.mark.usefixtures("many")
def test_a_search_looks_up_what_it_found(app: Flask, cast: Cast) -> None:
    """It would walk through all rows in their order to find a few."""
    client = cast.staff.client()
    for table, paths in {"bookings": ("/palette?q=bali", "/palette?q=nobody", "/bookings?q=bali")}.items():
        for path in paths:
            with plans(app, table) as lines:
                assert client.get(path).status_code == 200
            assert lines[0] == f"SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)", (path, lines)
            assert sum("ix_bookings_date" in line for line in lines) == 1, (path, lines)
    assert "B-5999" in client.get("/palette?q=bali").text
    assert "B-17<" in client.get("/palette?q=b-17").text, "an old one, by its number"


@SQLITE
@pytest.mark.usefixtures("many")
def test_a_leads_page_reads_its_own_events_and_bookings(app: Flask, cast: Cast) -> None:
    with plans(app, "events") as events, plans(app, "bookings") as bookings:
        assert cast.staff.client().get("/leads/1").status_code == 200
    for lines, index in ((events, "ix_events_of_leads"), (bookings, "ix_bookings_lead")):
        assert index in " ".join(lines), lines
        assert not [line for line in lines if index not in line and "PRIMARY KEY" not in line], lines
