"""Branches, turns, what is not sent, and how long files are kept."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from crm.customers.models import Customer
from crm.imports import queries, retention, services
from crm.imports.commit import IMPORT
from crm.imports.limits import MAX_BYTES, MAX_REQUEST
from crm.imports.models import Import, ImportRow
from crm.kernel import storage
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.messages.models import Message
from tests.api.conftest import Client
from tests.factories import Cast, Person, make_branch, make_customer
from tests.imports.conftest import HEADERS, Shop, csv_of

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_who_is_bound_to_a_branch_imports_into_it_alone(cast: Cast, shop: Shop) -> None:
    with cast.manager.acting():
        ours, theirs = make_branch("Ours"), make_branch("Theirs")
        make_customer(name="Siti Rahma", phone="081234567890", branch_id=theirs)
        make_customer(name="Budi Santoso", phone="081234567891", branch_id=ours)
    rows = [
        ("Siti Rahma", "081234567890", "", "Bogor"),
        ("Budi Santoso", "081234567891", "", "Bogor"),
        ("Ani Wijaya", "081234567892", "", "Bogor"),
        ("Ani Wijaya", "081234567892", "ani@example.com", ""),
    ]
    with cast.manager.acting(ours):
        row = services.run_check(services.create("people.csv", csv_of(rows), in_foreground=True).id)
        assert row.branch_id == ours
        sums = queries.sums(services.run_commit(row.id))
        import_id = row.id
    assert shop.verdicts(import_id) == ["error", "changed", "new", "duplicate"]
    assert (sums["failed"], sums["updated"], sums["created"], sums["review"]) == (1, 2, 1, 0)
    with cast.manager.acting():
        assert db.session.scalars(sa.select(Customer.branch_id).order_by(Customer.id)).all() == [theirs, ours, ours]
    with cast.manager.acting(theirs):
        assert db.session.get(Import, import_id) is None
        assert db.session.scalars(sa.select(ImportRow)).all() == []


@SQLITE
def test_a_branch_is_found_by_its_name(cast: Cast, shop: Shop) -> None:
    with cast.manager.acting():
        ours = make_branch("Kemang")
    headers = ("Name", "Phone", "Branch")
    rows = [("Siti Rahma", "081234567890", "kemang"), ("Budi Santoso", "081234567891", "Mars")]
    sums = shop.take_in(rows, headers=headers)
    assert (sums["created"], sums["failed"]) == (1, 1)
    assert "Mars" in shop.row(sums["id"], 3)["reason"]
    with cast.manager.acting():
        assert db.session.scalars(sa.select(Customer.branch_id)).all() == [ours]


@SQLITE
def test_imports_of_an_organization_take_turns(shop: Shop) -> None:
    first = shop.check(
        [("Siti Rahma", "081234567890", "", "")] * 2 + [("Ani", f"0812{at:08}", "", "") for at in range(1_100)]
    )
    second = shop.check([("Siti Rahma", "081234567890", "siti@example.com", "")])
    with shop.manager.acting():
        services.commit_import(first)
        services.commit_import(second)
    with shop.manager.app.app_context():
        states = []
        while IMPORT.go_on_in(shop.manager.organization_id):
            with shop.manager.acting():
                states.append([db.session.get_one(Import, id_).state for id_ in (first, second)])
    assert states[0] == ["importing", "importing"]
    assert states[-1] == ["done", "done"]
    assert ["done", "importing"] in states
    assert shop.sums(second)["review"] == 1, "somebody was added after its check"


@SQLITE
def test_nothing_is_sent_and_one_event_tells_of_the_end(shop: Shop) -> None:
    shop.take_in([("Siti Rahma", "081234567890", "siti@example.com", ""), ("Budi Santoso", "081234567891", "", "")])
    with shop.manager.acting():
        assert db.session.scalars(sa.select(Message)).all() == []
        actions = db.session.scalars(sa.select(Event.action).order_by(Event.id)).all()
        assert actions == ["customer.imported", "customer.imported", "import.finished"]


def test_after_a_month_the_file_and_its_rows_are_gone_and_the_sums_stay(shop: Shop) -> None:
    old = shop.take_in([("Siti Rahma", "081234567890", "", "")])["id"]
    new = shop.take_in([("Budi Santoso", "081234567891", "", "")])["id"]
    with shop.manager.acting():
        with transaction() as session:
            row = session.get_one(Import, old)
            row.created_at = row.finished_at = row.created_at - dt.timedelta(days=31)
        keys = dict(db.session.execute(sa.select(Import.id, Import.file_key)).tuples().all())
        store = storage.current()
        store.put("imports/1/" + "0" * 32, b"nobody's")
    with shop.manager.app.app_context():
        retention.delete_old(dt.timedelta(0))
    with shop.manager.acting():
        assert db.session.scalars(sa.select(ImportRow.import_id).distinct()).all() == [new]
        assert list(storage.current().keys("imports")) == [keys[new]]
        assert queries.sums(db.session.get_one(Import, old))["created"] == 1
        assert db.session.get_one(Import, old).file_key is None
    page = shop.manager.client().get(f"/imports/{old}")
    assert page.status_code == 200


@SQLITE
def test_a_request_that_is_far_too_large_is_refused_in_the_same_sentence(
    shop: Shop, client_of: Callable[[Person], Client]
) -> None:
    length = {"CONTENT_LENGTH": str(MAX_REQUEST + 1)}
    multipart = "multipart/form-data; boundary=x"
    page = shop.manager.client().post("/imports/new", content_type=multipart, environ_overrides=length)
    assert page.status_code == 413
    assert "This file has more than 50 MB. Split it" in page.text
    answer = client_of(shop.manager).call("POST", "imports/", content_type=multipart, environ_overrides=length)
    assert answer.status_code == 413
    assert answer.json["detail"].startswith("This file has more than 50 MB. Split it")


@SQLITE
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["page", "fragment"])
def test_a_file_may_not_be_larger_than_said(shop: Shop, tmp_path: Path, headers: dict[str, str]) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as large:
        large.write(csv_of([("Siti", "", "", "")], HEADERS).read())
        large.truncate(MAX_BYTES + 1)
    with file.open("rb") as content:
        fields = {"file": (content, "large.csv"), "mode": "existing"}
        answer = shop.manager.client().post("/imports/new", data=fields, headers=headers)
    assert answer.status_code == 422
    at_field = answer.text.partition('id="file-error"')[2].partition("</p>")[0]
    assert "This file has more than 50 MB. Split it" in at_field
    assert re.search(r'<input checked [^>]*value="existing"', answer.text)
