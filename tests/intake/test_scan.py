"""Scans: everybody in leads, bookings and area customers is a customer once, however often it is done."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Membership, Organization
from crm.customers.models import Customer
from crm.customers.services import archive_customer
from crm.intake import jobs, services
from crm.intake.models import Scan
from crm.intake.scan import ScanJob
from crm.kernel import fail_points
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.kernel.work.long_job import work_lease
from tests.api.conftest import Client
from tests.factories import Cast, Person, make_branch, make_customer, make_scan
from tests.intake.records import (
    PHONE,
    add_area_customer,
    add_lead,
    add_many_leads,
    add_traveller,
    customers,
    of_leads,
)
from tests.servers import Process, wait_for

HTMX = {"HX-Request": "true"}
URL = "customers/auto-collection/"

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three records are already many, and two a batch."""
    monkeypatch.setattr(services, "SCAN_AT_ONCE", 2)
    monkeypatch.setattr(ScanJob, "batch_size", 2)


def collect(api: Client, **fields: Any) -> Any:
    response = api.post(URL, json=fields)
    assert response.status_code == 200, response.text
    return response.json


def work(app: Flask) -> None:
    """Do what a worker does, until nothing is due."""
    with app.app_context():
        while jobs.go_on_scans_due():
            pass


def test_people_of_all_records_are_customers_once(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        branch = make_branch()
    add_lead(cast.owner, "Siti Rahma", PHONE, days=3, email="siti@example.com")
    add_lead(cast.owner, "Siti Rahma", days=2, email="siti@example.com", passport_number="X1234567", branch_id=branch)
    add_traveller(cast.owner, "Siti Rachma", PHONE, days=1, branch_id=branch)
    add_area_customer(cast.owner, "Budi Santoso", "+6281311112222", days=29)
    add_area_customer(cast.owner, "Long ago", "+6281399998888", days=31)

    assert collect(api) == {"created": 2, "updated": 2}

    assert customers(cast.owner) == ["Budi Santoso", "Siti Rachma"]
    with cast.owner.acting():
        budi, siti = db.session.scalars(sa.select(Customer).order_by(Customer.id))
        assert (siti.email, siti.passport_number, siti.branch_id) == ("siti@example.com", "X1234567", branch)
        assert (siti.source, budi.source) == ("Booking", "Area")
        assert of_leads(cast.owner) == [siti.id, siti.id]
        events = db.session.execute(sa.select(Event.action, Event.actor_id)).all()
        assert {tuple(row) for row in events} == {
            ("customer.created", cast.staff.user_id),
            ("customer.edited", cast.staff.user_id),
        }
    assert collect(api) == {"created": 0, "updated": 0}, "again it changes nothing"
    assert collect(api, cutoff_days=40) == {"created": 1, "updated": 0}
    assert api.post(URL, json={"cutoff_days": 50.0}).status_code == 200


def test_the_customer_a_record_is_known_to_be_is_followed_before_any_key(cast: Cast, api: Client) -> None:
    with cast.owner.acting():
        known, other = make_customer(name="Siti Rahma"), make_customer(name="Siti Rahma", phone=PHONE)
    add_lead(cast.owner, "Siti Rahma", PHONE, customer_id=known)
    assert collect(api) == {"created": 0, "updated": 1}
    assert of_leads(cast.owner) == [known]
    assert other


def test_whose_customer_was_deleted_is_left_alone_and_archived_ones_come_back_by_what_is_later(
    cast: Cast, api: Client
) -> None:
    add_lead(cast.owner, "Deleted", do_not_collect=True)
    with cast.owner.acting():
        archived = make_customer(name="Siti Rahma", phone=PHONE)
        archive_customer(archived)
    add_lead(cast.owner, "Siti Rahma", PHONE)
    collect(api)
    assert customers(cast.owner) == ["Siti Rahma"]
    with cast.owner.acting():
        assert db.session.get_one(Customer, archived).is_archived, "the lead was there before"
    add_lead(cast.owner, "Siti Rahma", PHONE, days=-0.001)
    collect(api)
    with cast.owner.acting():
        assert not db.session.get_one(Customer, archived).is_archived


@pytest.mark.parametrize("wrong", [0, -1, 3_651, 10**30, "30", 1.5, None, True, [30]])
@only_sqlite
def test_what_is_no_number_of_days_is_told(api: Client, wrong: object) -> None:
    response = api.post(URL, json={"cutoff_days": wrong})
    assert response.status_code == 400
    assert response.json["error"] == "Enter how many days to look back, from 1 to 3,650."  # type: ignore[index]


@pytest.mark.usefixtures("few")
def test_many_are_left_to_the_worker_one_scan_at_a_time(cast: Cast, api: Client, app: Flask) -> None:
    for number in range(3):
        add_lead(cast.owner, f"Lead {number}", f"+6281234567{number:03}")
        add_area_customer(cast.owner, f"Area {number}", f"+6281334567{number:03}")

    answer = api.post(URL, json={})
    assert answer.status_code == 202
    assert list(answer.json) == ["scan"]  # type: ignore[arg-type]
    place = answer.json["scan"].partition("/api/")[2]  # type: ignore[index]
    begun = api.get(place)
    assert begun == begun | {"state": "working", "done": 0, "total": 6, "created": 0, "updated": 0}

    with app.app_context():
        assert jobs.go_on_scans_due()
    assert (api.get(place)["done"], api.get(place)["created"]) == (2, 2)
    second = api.post(URL, json={"cutoff_days": 5})
    assert (second.status_code, second.json) == (202, answer.json)
    page = cast.staff.client().get("/collection/scans/1")
    assert "2 of 6 records checked: 2 added, 0 updated so far." in page.text
    assert 'hx-trigger="every 2s"' in page.text

    work(app)
    assert api.get(place) == api.get(place) | {"state": "done", "done": 6, "total": 6, "created": 6, "updated": 0}
    fragment = cast.viewer.client().get("/collection/scans/1", headers=HTMX).text
    assert "6 customers added, 0 updated." in fragment
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment
    with cast.owner.acting():
        assert db.session.scalars(sa.select(sa.func.count()).select_from(DueWork)).one() == 0
        actors = set(db.session.scalars(sa.select(Event.actor_id).where(Event.action == "customer.created")))
        assert actors == {cast.staff.user_id}


@pytest.mark.usefixtures("few")
def test_a_scan_under_way_can_be_canceled_and_who_was_taken_in_stays(cast: Cast, app: Flask) -> None:
    for number in range(5):
        add_lead(cast.owner, f"Lead {number}", f"+6281234567{number:03}")
    client = cast.staff.client()
    assert client.post("/collection", data={"cutoff_days": "30"}).location == "/collection/scans/1"
    with app.app_context():
        jobs.go_on_scans_due()

    page = client.post("/collection/scans/1/cancel", follow_redirects=True).text
    assert "2 customers added, 0 updated after 2 of 5 records. They stay." in page
    work(app)
    assert len(customers(cast.owner)) == 2
    assert "Canceled" in client.get("/collection").text
    assert client.post("/collection/scans/1/cancel").status_code == 303, "once more changes nothing"
    assert client.post("/collection", data={"cutoff_days": "30"}).location == "/collection/scans/2"


SPOIL = {
    "sqlite": [
        "CREATE TRIGGER spoil BEFORE INSERT ON customers WHEN substr(new.name, 1, 3) = 'Bad'"
        " BEGIN SELECT RAISE(ABORT, 'bad'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'bad'; END $$",
        "CREATE TRIGGER spoil BEFORE INSERT ON customers FOR EACH ROW"
        " WHEN (left(new.name, 3) = 'Bad') EXECUTE FUNCTION spoil()",
    ],
}
UNSPOIL = {
    "sqlite": ["DROP TRIGGER spoil"],
    "postgresql": ["DROP TRIGGER spoil ON customers", "DROP FUNCTION spoil"],
}
"""A database that can't take some customers, whatever the reason."""


@pytest.fixture
def spoiled(app: Flask, database_url: str) -> Any:
    """Customers called Bad… can't be written."""
    with app.app_context():
        kind = db.engine.dialect.name
        with db.engine.begin() as connection:
            for statement in SPOIL[kind]:
                connection.exec_driver_sql(statement)
        yield
        with db.engine.begin() as connection:
            for statement in UNSPOIL[kind]:
                connection.exec_driver_sql(statement)


@pytest.mark.usefixtures("spoiled")
def test_a_bad_record_does_not_keep_the_others_out(cast: Cast, api: Client, caplog: pytest.LogCaptureFixture) -> None:
    bad = 0
    for number in range(7):
        name = f"{'Bad' if number == 4 else 'Good'} {number}"
        found = add_lead(cast.owner, name, f"+6281234567{number:03}", days=10 - number)
        bad = found if number == 4 else bad

    assert collect(api) == {"created": 6, "updated": 0}
    assert customers(cast.owner) == [f"Good {number}" for number in range(7) if number != 4]
    assert f"leads {bad} was not taken in" in caplog.text
    assert of_leads(cast.owner).count(None) == 1
    assert api.get("collection/scans/1/")["done"] == 7


def test_a_scan_of_who_is_bound_to_a_branch_looks_at_its_records_alone(
    cast: Cast, api: Client, client_of: Callable[[Person], Client]
) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        of_all = make_scan(state="working")
    add_lead(cast.owner, "Ours", PHONE, branch_id=ours)
    add_lead(cast.owner, "Theirs", "+6281311112222", branch_id=theirs)
    add_traveller(cast.owner, "Our traveller", "+6281311113333", branch_id=ours)
    add_traveller(cast.owner, "Their traveller", "+6281311114444", branch_id=theirs)

    assert collect(api) == {"created": 2, "updated": 0}

    assert customers(cast.owner) == ["Our traveller", "Ours"]
    assert api.call("GET", f"collection/scans/{of_all}/").status_code == 404
    assert cast.staff.client().post(f"/collection/scans/{of_all}/cancel").status_code == 404
    assert client_of(cast.manager).get(f"collection/scans/{of_all + 1}/")["created"] == 2


@pytest.mark.parametrize(("point", "made"), [("scan uncommitted", 0), ("scan committed", 2)])
@pytest.mark.usefixtures("few")
def test_killed_at_a_commit_nothing_is_lost_or_done_twice(
    cast: Cast, app: Flask, api: Client, point: str, made: int
) -> None:
    for number in range(5):
        add_lead(cast.owner, f"Lead {number}", f"+6281234567{number:03}")
    assert api.post(URL, json={}).status_code == 202

    child = os.fork()
    if child == 0:
        try:
            fail_points._NAMED = point
            with app.app_context():
                db.engine.dispose(close=False)
                jobs.go_on_scans_due()
        finally:
            os._exit(3)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert len(customers(cast.owner)) == made

    work(app)
    assert len(customers(cast.owner)) == 5
    assert api.get("collection/scans/1/") == api.get("collection/scans/1/") | {"state": "done", "done": 5, "created": 5}


@pytest.mark.usefixtures("few")
def test_the_command_goes_to_the_end_and_finishes_what_is_under_way(cast: Cast, api: Client, app: Flask) -> None:
    for number in range(3):
        add_lead(cast.owner, f"Lead {number}", f"+6281234567{number:03}", days=number + 2)
    add_lead(cast.stranger, "Foreign", PHONE)
    run = app.test_cli_runner().invoke
    assert api.post(URL, json={"cutoff_days": 30}).status_code == 202

    found = run(args=["collection", "scan", "--cutoff-days", "1", "--organization", "shop", "--json"])
    assert (found.exit_code, json.loads(found.output)) == (0, {"created": 0, "updated": 0})
    assert len(customers(cast.owner)) == 3
    assert customers(cast.stranger) == []
    everywhere = run(args=["collection", "scan", "--all"])
    assert everywhere.output == "shop: 0 created, 0 updated.\nrival: 1 created, 0 updated.\n"
    assert run(args=["collection", "scan", "--cutoff-days", "0"]).exit_code != 0
    assert run(args=["collection", "scan", "--organization", "none"]).exit_code != 0
    with cast.owner.acting():
        assert set(db.session.scalars(sa.select(Scan.state))) == {"done"}
        assert db.session.scalars(sa.select(sa.func.count()).select_from(DueWork)).one() == 0


def test_a_long_scan_is_done_by_the_worker_and_by_the_next_one_when_it_is_killed(
    cast: Cast,
    api: Client,
    environ: dict[str, str],
    worker_process: Callable[[dict[str, str]], Process],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "SCAN_AT_ONCE", 1_000)
    add_many_leads(cast.owner, 1_500)
    place = api.post(URL, json={}).json["scan"].partition("/api/")[2]  # type: ignore[index]
    killed = worker_process(environ | {"CRM_FAIL_POINT": "scan committed"})
    wait_for(lambda: killed.popen.poll() is not None, "the worker is killed", 60)
    assert (len(customers(cast.owner)), api.get(place)["done"]) == (1_000, 1_000)

    worker_process(environ)

    page = cast.viewer.client()
    wait_for(lambda: 'data-state="done"' in page.get("/collection/scans/1").text, "the scan is done", 120)
    assert api.get(place) == api.get(place) | {"total": 1_500, "done": 1_500, "created": 1_500, "updated": 0}
    assert len(customers(cast.owner)) == 1_500
    assert None not in of_leads(cast.owner)


@only_sqlite
def test_who_goes_through_records_in_the_foreground_and_dies_is_followed_by_the_worker(
    cast: Cast, api: Client, app: Flask
) -> None:
    add_many_leads(cast.owner, 3)
    with cast.staff.acting():
        started, _ = services._start(30)
        due = db.session.scalars(sa.select(DueWork.due_at)).one()
        assert work_lease().total_seconds() * 0.9 < (due - started.created_at).total_seconds()
        with transaction() as session:
            session.execute(sa.update(DueWork).values(due_at=started.created_at))
    work(app)
    assert len(customers(cast.owner)) == 3


@only_sqlite
def test_each_row_is_found_by_its_keys(cast: Cast, api: Client) -> None:
    """A statement that finds its rows by the organization alone reads all of them, for each batch."""
    add_many_leads(cast.owner, 120)
    collect(api)
    add_many_leads(cast.owner, 120, days=0.5)
    plans = []

    def explain(connection: Any, _: Any, statement: str, parameters: Any, __: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and not many:
            rows = connection.connection.driver_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend((row[3], statement) for row in rows)

    with cast.owner.acting():
        sa.event.listen(db.engine, "before_cursor_execute", explain)
        services.scan_to_the_end(30)
        sa.event.remove(db.engine, "before_cursor_execute", explain)

    large = re.compile(r"(?:SCAN|SEARCH) (leads|customers|customer_keys|duplicates)\b(?!.*(?:AND|\(id=|rowid=)).*")
    assert len(plans) > 10
    assert [(plan, statement) for plan, statement in plans if large.search(plan)] == []
