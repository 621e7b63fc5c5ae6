"""Many customers at once: exactly those that were meant, put back as they were, however many there are."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.customers import jobs, services
from crm.customers.bulk_models import Action, BulkChange, BulkChangeRow
from crm.customers.filters import Filters, Selection
from crm.customers.models import Customer
from crm.kernel.db import database_now
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.loyalty.services import change_points
from tests.customers.bulk_steps import add, field, opened, toast, work
from tests.factories import Cast, Person, make_branch, make_customer
from tests.servers import Process, wait_for

HTMX = {"HX-Request": "true"}
Start = Callable[[dict[str, str]], Process]


def inactive(person: Person) -> list[str]:
    with person.acting():
        statement = sa.select(Customer.name).where(Customer.is_active.is_(False)).order_by(Customer.id)
        return list(db.session.scalars(statement))


def deactivate_all(client: FlaskClient, query: str = "", **data: Any) -> TestResponse:
    return client.post(
        f"/customers/bulk{query}", data={"action": "deactivate", "all": "1", **data}, follow_redirects=True
    )


def test_all_that_match_are_changed_but_those_that_were_unticked(cast: Cast) -> None:
    first, second, third = add(cast.staff, "Ani", "Budi", "Citra", city="Bandung")
    add(cast.staff, "Dewi", city="Jakarta")
    add(cast.stranger, "Foreign", city="Bandung")
    client = cast.staff.client()

    answer = deactivate_all(client, "?city=bandung&sort=name&per_page=25", **{"except": [second]})

    assert toast(answer) == "2 customers deactivated."
    assert answer.request.path == "/"
    assert answer.request.args["city"] == "bandung", "the list stays as it was"
    assert inactive(cast.staff) == ["Ani", "Citra"]
    assert inactive(cast.stranger) == []
    with cast.staff.acting():
        events = db.session.scalars(sa.select(Event).where(Event.action == "customer.deactivated")).all()
        assert {(event.customer_id, event.actor_id) for event in events} == {
            (first, cast.staff.user_id),
            (third, cast.staff.user_id),
        }
        assert events[0].changes == {"is_active": [True, False]}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?q=an", ["Ani"]),
        ("?tier=gold", ["Budi"]),
        ("?province=jawa+barat&q=d", ["Dani"]),
        ("?branch={branch}&tier=bronze", ["Dani"]),
        ("?status=active&city=bandung", ["Budi", "Citra"]),
        ("?status=inactive", []),
        ("?status=archived", []),
        ("", ["Ani", "Budi", "Citra", "Dani"]),
    ],
)
def test_the_lists_own_query_says_who_matches(cast: Cast, query: str, expected: list[str]) -> None:
    with cast.staff.acting():
        branch = make_branch()
        make_customer(name="Ani")
        gold = make_customer(name="Budi", city="Bandung", province="Jawa Barat", branch_id=branch)
        make_customer(name="Citra", city="BANDUNG")
        make_customer(name="Dani", province="Jawa Barat", branch_id=branch)
        change_points(gold, 600)
        services.archive_customer(make_customer(name="Archived"))
    client = cast.staff.client()

    deactivate_all(client, query.format(branch=branch))

    assert inactive(cast.staff) == [*expected, "Archived"]


def test_who_was_added_or_changed_since_the_list_was_read_is_left_as_before(cast: Cast) -> None:
    edited, pointed, restored, quiet = add(cast.staff, "Edited", "Pointed", "Restored", "Quiet")
    client = cast.staff.client()
    client.post(f"/customers/{restored}/archive")
    read = opened(client)
    client.post(f"/customers/{edited}/edit", data={"name": "Edited again"})
    client.post(f"/customers/{pointed}/points/new", data={"action": "add", "points": "5"})
    client.post(f"/customers/{restored}/restore")
    client.post("/customers/new", data={"name": "New"})
    with cast.staff.acting():
        assert db.session.get_one(Customer, pointed).loyalty_points == 5

    answer = deactivate_all(client, as_of=read)

    assert toast(answer) == (
        "1 customer deactivated. 4 customers were added or changed after you opened the list, and were left as before."
    )
    assert inactive(cast.staff) == ["Quiet"]
    assert quiet


def test_who_no_longer_matches_is_not_changed(cast: Cast) -> None:
    moved, _ = add(cast.staff, "Moved", "Stayed", city="Bandung")
    client = cast.staff.client()
    read = opened(client, "/?city=bandung")
    client.post(f"/customers/{moved}/edit", data={"name": "Moved", "city": "Jakarta"})

    assert toast(deactivate_all(client, "?city=bandung", as_of=read)) == "1 customer deactivated."
    assert inactive(cast.staff) == ["Stayed"]


def test_single_customers_are_changed_whatever_happened_since(cast: Cast) -> None:
    (id_,) = add(cast.staff, "Ani")
    client = cast.staff.client()
    read = opened(client)
    client.post(f"/customers/{id_}/edit", data={"name": "Ani R"})

    client.post("/customers/bulk", data={"action": "deactivate", "ids": id_, "as_of": read})

    assert inactive(cast.staff) == ["Ani R"]


def test_without_javascript_all_are_ticked_and_some_unticked(cast: Cast) -> None:
    add(cast.staff, *(f"Customer {number:02}" for number in range(30)))
    client = cast.staff.client()
    assert "Select all 30</a>" in client.get("/?per_page=25").text

    page = client.get("/?per_page=25&sort=name&select=all").text

    assert page.count('name="ids"') == len(re.findall(r'name="ids"[^>]* checked', page)) == 25
    assert 'name="all" value="1">' in page
    shown = field(page, "shown")
    ticked = shown.split(",")[2:]
    answer = deactivate_all(client, "?per_page=25&sort=name", as_of=field(page, "as_of"), shown=shown, ids=ticked)
    assert toast(answer) == "28 customers deactivated."
    assert inactive(cast.staff) == [f"Customer {number:02}" for number in range(2, 30)]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"action": "deactivate"}, "Select at least one customer first."),
        ({"action": "deactivate", "ids": ["x", "-1", "9" * 30]}, "Select at least one customer first."),
        ({"action": "explode", "all": "1"}, "Choose Activate, Deactivate, Archive, Restore or Move to branch."),
        ({"action": "deactivate", "all": "1", "as_of": "yesterday"}, "Open the list again, then select."),
        ({"action": "deactivate", "all": "1", "as_of": "0001-01-01T00:00:00+23:59"}, "Open the list again"),
    ],
)
def test_what_is_missing_is_said_and_nothing_changed(cast: Cast, data: dict[str, Any], sentence: str) -> None:
    add(cast.staff, "Ani")

    answer = cast.staff.client().post("/customers/bulk", data=data)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert inactive(cast.staff) == []


def test_a_viewer_may_not_and_is_shown_no_boxes(cast: Cast) -> None:
    add(cast.staff, "Ani")
    viewer = cast.viewer.client()

    assert deactivate_all(viewer).status_code == 403
    assert 'name="ids"' not in viewer.get("/").text
    assert inactive(cast.staff) == []


def test_undo_puts_back_those_that_are_still_as_the_step_left_them(cast: Cast) -> None:
    ids = add(cast.staff, "Ani", "Budi", "Citra", "Dewi", "Eka")
    ani, budi, citra, dewi, _ = ids
    client = cast.staff.client()
    deactivate_all(client)
    client.post(f"/customers/{ani}/archive")
    client.post("/customers/bulk", data={"action": "activate", "ids": [budi, citra]})
    client.post("/customers/bulk", data={"action": "deactivate", "ids": citra})
    client.post(f"/customers/{dewi}/edit", data={"name": "Dewi R"})

    answer = client.post("/bulk/1/undo", follow_redirects=True)

    assert toast(answer) == "2 customers put back. 3 customers changed again since, and stayed so."
    assert inactive(cast.staff) == ["Ani", "Citra"]
    with cast.staff.acting():
        assert db.session.scalar(sa.select(sa.func.count()).where(BulkChangeRow.change_id == 1)) == 0


def test_a_later_change_that_was_undone_is_none(cast: Cast) -> None:
    (ani,) = add(cast.staff, "Ani")
    client = cast.staff.client()
    deactivate_all(client)
    client.post("/customers/bulk", data={"action": "activate", "ids": ani})
    client.post("/bulk/2/undo")
    client.post("/bulk/1/undo")

    assert inactive(cast.staff) == []


@pytest.mark.usefixtures("few")
def test_many_are_left_to_the_worker_which_shows_how_far_it_is(cast: Cast, app: Flask) -> None:
    ids = add(cast.staff, "Ani", "Budi", "Citra", "Dewi", "Eka", "Foreign")
    client = cast.staff.client()
    read = opened(client)
    client.post(f"/customers/{ids[3]}/edit", data={"name": "Dewi R"})

    answer = client.post("/customers/bulk", data={"action": "deactivate", "all": "1", "as_of": read, "except": ids[5]})

    assert (answer.status_code, answer.location) == (303, "/bulk/1")
    assert inactive(cast.staff) == []
    page = client.get("/bulk/1").text
    assert "0 of 4 looked at, 0 deactivated so far." in page
    assert 'data-state="working"' in page
    with app.app_context():
        jobs.go_on_bulk_due()
    assert "2 of 6 looked at, 2 deactivated so far." in client.get("/bulk/1").text
    add(cast.staff, "Added on the way")
    work(app)
    page = client.get("/bulk/1", headers=HTMX).text
    assert "4 customers deactivated. 2 customers were added or changed after you opened the list" in page
    assert "hx-trigger" not in page
    assert inactive(cast.staff) == ["Ani", "Budi", "Citra", "Eka"]
    with cast.staff.acting():
        assert set(db.session.scalars(sa.select(Event.actor_id).where(Event.action == "customer.deactivated"))) == {
            cast.staff.user_id
        }

    undo = client.post("/bulk/1/undo", headers=HTMX)
    assert undo.headers["HX-Redirect"] == "/bulk/1"
    assert "Undoing: 0 of 4 looked at, 0 put back so far." in client.get("/bulk/1").text
    work(app)
    assert "4 customers put back." in client.get("/bulk/1").text
    assert inactive(cast.staff) == []


@pytest.mark.usefixtures("few")
def test_what_is_under_way_can_be_stopped_and_undone(cast: Cast, app: Flask) -> None:
    add(cast.staff, *"ABCDEFGH")
    client = cast.staff.client()
    deactivate_all(client)
    with app.app_context():
        jobs.go_on_bulk_due()
    assert inactive(cast.staff) == ["A", "B"]

    assert toast(client.post("/bulk/1/undo", follow_redirects=True)) == "2 customers put back."
    work(app)

    assert inactive(cast.staff) == []


@pytest.mark.usefixtures("few")
def test_those_that_match_when_it_begins_are_meant_where_no_time_is_given(cast: Cast, app: Flask) -> None:
    add(cast.staff, *"ABCDE")
    client = cast.staff.client()
    deactivate_all(client)
    add(cast.staff, "Later")
    work(app)

    assert inactive(cast.staff) == [*"ABCDE"]


def test_many_ids_tell_how_many_were_found(cast: Cast) -> None:
    ids = add(cast.staff, "Ani", "Budi")
    foreign = add(cast.stranger, "Foreign")
    with cast.staff.acting():
        services.change_many(Selection.of(ids[:1]), Action.DEACTIVATE)
        change = services.change_many(Selection.of([*ids, *ids, *foreign, 999_999]), Action.DEACTIVATE)
        assert (change.total, change.changed, change.is_under_way) == (2, 1, False)


def test_a_search_that_very_many_share_is_followed_exactly(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.customers.search.MAX_COUNT", 2)
    add(cast.staff, "Rahma 1", "Budi", "Rahma 2", "Rahma 3", "Citra", "Rahma 4")
    client = cast.staff.client()

    assert toast(deactivate_all(client, "?q=rahma")) == "4 customers deactivated."
    assert inactive(cast.staff) == ["Rahma 1", "Rahma 2", "Rahma 3", "Rahma 4"]


@pytest.mark.parametrize("point", ["bulk uncommitted", "bulk committed"])
def test_a_killed_worker_leaves_nothing_half_done_and_nothing_is_done_twice(
    cast: Cast, crowd: list[int], environ: dict[str, str], worker_process: Start, point: str
) -> None:
    client = cast.staff.client()
    assert client.post("/customers/bulk", data={"action": "deactivate", "all": "1"}).location == "/bulk/1"
    killed = worker_process(environ | {"CRM_FAIL_POINT": point})
    wait_for(lambda: killed.popen.poll() is not None, "the worker is killed")
    done = len(inactive(cast.staff))
    assert done == (0 if "un" in point else 1_000)

    worker_process(environ)

    wait_for(lambda: 'data-state="done"' in client.get("/bulk/1").text, "the step is done", 60)
    assert "6.000 customers deactivated." in client.get("/bulk/1").text
    assert len(inactive(cast.staff)) == 6_000
    with cast.staff.acting():
        events = sa.select(sa.func.count()).where(Event.action == "customer.deactivated")
        assert db.session.scalar(events) == db.session.scalar(sa.select(sa.func.count(BulkChangeRow.id))) == 6_000
    assert crowd


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_bulk_against_edits_points_and_another_bulk_is_exact(cast: Cast, app: Flask) -> None:
    ids = add(cast.staff, *(f"C{number:03}" for number in range(120)))
    with cast.staff.acting():
        read = database_now()
    errors: list[BaseException] = []

    def together(act: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                with cast.staff.acting():
                    act()
            except BaseException as error:
                errors.append(error)

        return threading.Thread(target=run)

    selection = Selection.matching(Filters(), as_of=read)
    threads = [
        together(lambda: services.change_many(selection, Action.DEACTIVATE)),
        *(
            together(lambda id_=id_: [change_points(id_, 1) for _ in range(3)])  # type: ignore[misc]
            for id_ in reversed(ids[:40:4])
        ),
        *(
            together(lambda id_=id_: services.edit_customer(id_, {"city": "Bandung"}))  # type: ignore[misc]
            for id_ in reversed(ids[80::4])
        ),
        together(lambda: services.change_many(Selection.of(ids[::3]), Action.DEACTIVATE)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    with cast.staff.acting():
        rows = db.session.execute(sa.select(BulkChangeRow.customer_id)).scalars().all()
        events = db.session.scalars(sa.select(Event.customer_id).where(Event.action == "customer.deactivated")).all()
        off = db.session.scalars(sa.select(Customer.id).where(Customer.is_active.is_(False))).all()
        assert sorted(rows) == sorted(events) == sorted(off), "each once, and nobody without a trace"
        changes = db.session.scalars(sa.select(BulkChange)).all()
        assert sum(change.changed for change in changes) == len(off)
        assert set(ids[::3]) <= set(off)
        untouched = set(ids) - set(ids[:40:4]) - set(ids[80::4])
        assert untouched <= set(off)
        points = db.session.scalars(sa.select(sa.func.sum(Customer.loyalty_points))).one()
        assert points == 3 * len(ids[:40:4])
