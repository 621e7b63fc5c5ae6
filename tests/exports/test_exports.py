"""Exports: what goes out, for whom, and where the file is."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.customers.models import Customer
from crm.exports import jobs, services
from crm.exports.formats import Format
from crm.exports.models import ExportRun, ExportState
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.kernel.work import due
from tests import factories
from tests.factories import Cast, Person
from tests.servers import Process, wait_for

Start = Callable[[dict[str, str]], Process]


def export(person: Person, **fields: str) -> list[dict[str, str]]:
    answer = person.client().post("/exports", data={"format": "csv", **fields})
    assert answer.status_code == 200, answer.headers.get("Location")
    return list(csv.DictReader(io.StringIO(answer.data.decode(), newline="")))


def test_every_list_goes_out_with_all_of_its_rows(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        customer = factories.make_customer(name="Ana", phone="0812 3456 7890")
        factories.make_invoice(customer)
        factories.make_points_entry(customer)
        factories.make_message(customer_id=customer)
        lead = factories.make_lead(name="Budi")
        factories.make_booking(persons=[{"name": "Citra"}])
    with app.app_context():
        names = [found.what for found in catalog().exports]
    assert names == ["customers", "invoices", "messages", "points", "leads", "bookings"]
    found = {what: export(cast.manager, what=what) for what in names}
    assert "Ana" in {row["name"] for row in found["customers"]}
    assert {row["phone"] for row in found["customers"]} >= {"+6281234567890"}
    assert [row["amount"] for row in found["invoices"]] == ["150000.00"]
    assert "620" in {row["points"] for row in found["points"]}
    assert [row["customer"] for row in found["messages"]] == [str(customer)]
    assert str(lead) in {row["id"] for row in found["leads"]}
    assert [row["lead_person"] for row in found["bookings"]] == ["Citra"]


def test_a_list_goes_out_as_it_is_shown(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        for name, city in (("Ana", "Bogor"), ("Budi", "Depok"), ("Citra", "Bogor"), ("Zahra", "Bogor")):
            factories.make_customer(name=name, city=city)
    assert [row["name"] for row in export(cast.owner, what="customers", city="bogor", sort="name")] == [
        "Ana",
        "Citra",
        "Zahra",
    ]
    assert [row["name"] for row in export(cast.owner, what="customers", q="citra")] == ["Citra"]
    assert export(cast.owner, what="customers", tier="nonsense") == []
    assert len(export(cast.owner, what="customers", city="bogor", rows="all")) == 4
    answer = cast.owner.client().get("/exports?what=customers&city=bogor")
    assert b'name="city" value="bogor"' in answer.data


def test_every_column_is_named_as_the_api_names_it(app: Flask, cast: Cast) -> None:
    """Our names beside the API's are names of people, and words for what it has as ids."""
    added = {"customer", "customer_name", "lead_person", "persons"}
    with cast.owner.acting():
        factories.make_customer(name="Ana")
        factories.make_lead(name="Budi")
        factories.make_booking(persons=[{"name": "Citra"}])
    client, token = app.test_client(), cast.owner.token()
    for what in ("customers", "leads", "bookings"):
        api = client.get(f"/api/{what}/", headers=token).json["results"][0]
        with app.app_context():
            names = {column.name for found in catalog().exports if found.what == what for column in found.columns}
        assert names - api.keys() <= added, what


def test_a_stranger_gets_nothing(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        factories.make_customer(name="Ana")
    cast.owner.client().post("/exports", data={"what": "customers", "format": "csv"})
    with cast.owner.acting():
        run = db.session.scalars(sa.select(ExportRun)).one()
    assert export(cast.stranger, what="customers") == []
    assert cast.stranger.client().get(f"/exports/{run.id}/file").status_code == 404
    for person in (cast.viewer, cast.staff):
        assert person.client().post("/exports", data={"what": "customers", "format": "csv"}).status_code == 403
        assert person.client().get(f"/exports/{run.id}/file").status_code == 403


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"what": "secrets", "format": "csv"}, "Choose what to export."),
        ({"what": "customers", "format": "exe"}, "Choose a format."),
        ({"what": "leads", "format": "vcard"}, "Only customers can be contacts."),
        ({}, "Choose"),
    ],
)
def test_a_wrong_choice_is_said(cast: Cast, fields: dict[str, str], sentence: str) -> None:
    answer = cast.owner.client().post("/exports", data=fields)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_file_is_there_for_a_day(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        factories.make_customer(name="Ana")
    client = cast.owner.client()
    first = client.post("/exports", data={"what": "customers", "format": "ndjson"})
    with cast.owner.acting():
        run = db.session.scalars(sa.select(ExportRun)).one()
        key = run.key
        assert key
    again = client.get(f"/exports/{run.id}/file")
    assert again.data == first.data
    assert json.loads(again.data)["name"] == "Ana"
    assert "attachment" in again.headers["Content-Disposition"]
    with cast.owner.acting(), transaction():
        due.put_off(services.KIND, [run.id], dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    with app.app_context():
        jobs.write_due()
    with cast.owner.acting():
        assert not storage.current().exists(key)
        assert db.session.get_one(ExportRun, run.id).state is ExportState.REMOVED
    assert client.get(f"/exports/{run.id}/file").status_code == 404


def test_a_large_export_is_left_to_the_worker(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "FOREGROUND_ROWS", 2)
    with cast.owner.acting():
        for name in ("Ana", "Budi", "Citra"):
            factories.make_customer(name=name)
    client = cast.owner.client()
    answer = client.post("/exports", data={"what": "customers", "format": "csv"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/exports")
    assert "Writing the file" in client.get("/exports").text
    with app.app_context():
        jobs.write_due()
    with cast.owner.acting():
        run = db.session.scalars(sa.select(ExportRun)).one()
        assert (run.state, run.total, run.looked) == (ExportState.READY, 3, 3)
    assert client.get(f"/exports/{run.id}/file").text.count("\n") == 4


@pytest.mark.parametrize(
    ("what", "query"),
    [
        ("customers", {"status": "active", "q": "ana"}),
        ("invoices", {"amount_from": "1", "month": "2026-11"}),
        ("messages", {"status": "scheduled", "q": "cake"}),
        ("points", {}),
        ("leads", {"follow_up": "week", "mine": "1"}),
        ("leads", {"status": "open"}),
        ("bookings", {"when": "upcoming", "from": "2026-01-01"}),
    ],
)
def test_the_worker_reads_a_list_as_the_page_does(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, what: str, query: dict[str, str]
) -> None:
    monkeypatch.setattr(services, "FOREGROUND_ROWS", -1)
    client = cast.owner.client()
    assert client.post("/exports", data={"what": what, "format": "xlsx", **query}).status_code == 303
    with app.app_context():
        jobs.write_due()
    with cast.owner.acting():
        assert db.session.scalars(sa.select(ExportRun.state)).one() is ExportState.READY


def test_a_worker_that_dies_is_followed_by_another(
    app: Flask,
    cast: Cast,
    environ: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    worker_process: Callable[[dict[str, str]], Process],
) -> None:
    monkeypatch.setattr(services, "FOREGROUND_ROWS", 0)
    with cast.owner.acting():
        factories.make_customer(name="Ana")
        run_id = services.create("customers", Format.CSV, {}).id
    environ = {**environ, "WORK_LEASE": "1"}
    dying = worker_process({**environ, "CRM_FAIL_POINT": "export"})
    wait_for(lambda: dying.popen.poll() is not None, "the worker is killed")
    worker_process(environ)
    wait_for(lambda: _state(cast, run_id) is ExportState.READY, "the file is written")


def _state(cast: Cast, run_id: int) -> ExportState:
    with cast.owner.acting():
        return db.session.get_one(ExportRun, run_id).state


def test_the_command_writes_all_customers(app: Flask, cast: Cast, tmp_path: Path) -> None:
    with cast.owner.acting():
        factories.make_customer(name="Ana")
        archived = factories.make_customer(name="Budi")
        with transaction() as session:
            session.get_one(Customer, archived).archived_at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    runner = app.test_cli_runner()
    found = runner.invoke(args=["customers", "export", "--organization", "shop", "--format", "csv"])
    assert found.exit_code == 0, found.output
    assert [row["name"] for row in csv.DictReader(io.StringIO(found.stdout))] == ["Ana"]
    path = tmp_path / "out.xlsx"
    assert (
        runner.invoke(
            args=["customers", "export", "--organization", "shop", "--format", "xlsx", "--output", str(path)]
        ).exit_code
        == 0
    )
    assert path.read_bytes()[:2] == b"PK"
    assert runner.invoke(args=["customers", "export", "--organization", "no", "--format", "csv"]).exit_code != 0
    nowhere = str(tmp_path / "nowhere" / "out.csv")
    refused = runner.invoke(
        args=["customers", "export", "--organization", "shop", "--format", "csv", "--output", nowhere]
    )
    assert (refused.exit_code, "can't be written" in refused.stderr) == (1, True)
