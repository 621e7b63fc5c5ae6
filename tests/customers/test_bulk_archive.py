"""Many customers archived, restored or moved to a branch at once, and each put back as they were."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Branch
from crm.customers import jobs
from crm.customers.bulk_models import BulkChange, BulkChangeRow
from crm.customers.models import Customer
from crm.customers.totals import totals
from crm.duplicates.services import add_entry, merge
from crm.kernel.db import database_now
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.reports.customer_totals import differences
from crm.series.models import Series
from tests.customers.bulk_steps import add, opened, toast, work
from tests.factories import Cast, Person, make_branch, make_customer
from tests.servers import Process, wait_for

HTMX = {"HX-Request": "true"}
Start = Callable[[dict[str, str]], Process]
STATE = ("archived_at", "archived_by_id", "is_active", "branch_id")


def states(person: Person) -> dict[str, tuple[Any, ...]]:
    """Return what bulk changes may change, by name."""
    with person.acting():
        columns = [getattr(Customer, name) for name in STATE]
        return {row[0]: tuple(row[1:]) for row in db.session.execute(sa.select(Customer.name, *columns))}


def archived(person: Person) -> list[str]:
    return sorted(name for name, state in states(person).items() if state[0] is not None)


def branches_of(person: Person) -> dict[str, int | None]:
    return {name: state[-1] for name, state in states(person).items()}


def events(person: Person, customer_id: int) -> list[tuple[str, dict[str, Any], int | None]]:
    with person.acting():
        found = sa.select(Event).where(Event.customer_id == customer_id, Event.action != "customer.created")
        return [(row.action, row.changes, row.actor_id) for row in db.session.scalars(found.order_by(Event.id))]


def figures_add_up(person: Person) -> bool:
    with person.acting():
        return not differences()


def bulk(client: FlaskClient, query: str = "", **data: Any) -> str:
    """Change many and return what was said."""
    return toast(client.post(f"/customers/bulk{query}", data=data, follow_redirects=True))


def undo(client: FlaskClient, change: int = 1) -> str:
    return toast(client.post(f"/bulk/{change}/undo", follow_redirects=True))


def test_archiving_many_is_archiving_each_and_undo_restores_each_exactly(cast: Cast) -> None:
    ani, budi, citra, dewi = add(cast.staff, "Ani", "Budi", "Citra", "Dewi")
    foreign = add(cast.stranger, "Foreign")
    client = cast.staff.client()
    client.post("/customers/bulk", data={"action": "deactivate", "ids": budi})
    client.post(f"/customers/{citra}/archive")
    before = states(cast.staff)

    assert bulk(client, action="archive", ids=[ani, budi, citra, *foreign, 10**12]) == "2 customers archived."

    assert archived(cast.staff) == ["Ani", "Budi", "Citra"]
    assert archived(cast.stranger) == []
    assert states(cast.staff)["Citra"] == before["Citra"], "archived before, and by whom and when stays"
    action, changes, actor = events(cast.staff, ani)[-1]
    assert (action, actor) == ("customer.archived", cast.staff.user_id)
    assert changes["is_active"] == [True, False]
    assert changes["archived_at"][0] is None
    assert "Archived" in client.get(f"/customers/{ani}/timeline").text
    assert figures_add_up(cast.staff)
    with cast.staff.acting():
        assert totals().customers == 1

    assert undo(client, 2) == "2 customers put back."

    assert states(cast.staff) == before, "the inactive one is inactive again"
    assert events(cast.staff, ani)[-1][0] == "customer.restored"
    assert figures_add_up(cast.staff)
    assert dewi


def test_restoring_many_can_be_undone_with_the_day_and_the_user_of_each(cast: Cast) -> None:
    ids = add(cast.staff, "Ani", "Budi", "Citra")
    for person, id_ in ((cast.staff, ids[0]), (cast.owner, ids[1])):
        person.client().post(f"/customers/{id_}/archive")
    before = states(cast.staff)
    client = cast.staff.client()
    page = client.get("/?status=archived").text
    assert page.count('name="ids"') == 2
    assert 'value="restore"' in page
    assert 'value="activate"' not in page

    assert bulk(client, "?status=archived", action="restore", all="1") == "2 customers restored."

    assert archived(cast.staff) == []
    assert all(state[2] for state in states(cast.staff).values()), "as one who is restored, they are active"
    assert undo(client) == "2 customers put back."
    assert states(cast.staff) == before


def test_moving_many_and_back_to_the_branch_of_each(cast: Cast) -> None:
    with cast.staff.acting():
        here, there = make_branch(name="Kemang"), make_branch(name="Depok <b>")
        make_customer(name="Ani", branch_id=here)
        budi = make_customer(name="Budi")
        make_customer(name="Citra", branch_id=there)
        make_customer(name="Archived", branch_id=here)
    client = cast.staff.client()
    with cast.staff.acting():
        hidden = db.session.scalar(sa.select(Customer.id).where(Customer.name == "Archived"))
    client.post(f"/customers/{hidden}/archive")
    before = states(cast.staff)

    said = bulk(client, action="move", branch=there, all="1")

    assert said == "2 customers moved to Depok &lt;b&gt;."
    assert branches_of(cast.staff) == {"Ani": there, "Budi": there, "Citra": there, "Archived": here}
    assert events(cast.staff, budi)[-1][:2] == ("customer.edited", {"branch_id": [None, there]})
    assert "Branch added: Depok" in client.get(f"/customers/{budi}/timeline").text
    assert figures_add_up(cast.staff)
    assert undo(client) == "2 customers put back."
    assert states(cast.staff) == before
    assert figures_add_up(cast.staff)

    assert bulk(client, "?status=archived", branch=there, all="1") == "1 customer moved to Depok &lt;b&gt;."
    assert bulk(client, branch="none", all="1") == "2 customers moved to no branch."
    assert branches_of(cast.staff) == {"Ani": None, "Budi": None, "Citra": None, "Archived": there}


def test_undo_keeps_what_was_changed_since_and_counts_it(cast: Cast) -> None:
    with cast.staff.acting():
        here, there = make_branch(name="Kemang"), make_branch(name="Depok")
        ani, budi, citra, dewi, eka = (make_customer(name=n, branch_id=here) for n in "ABCDE")
    staff, owner = cast.staff.client(), cast.owner.client()
    staff.post("/customers/bulk", data={"action": "move", "branch": there, "all": "1"})
    owner.post(f"/customers/{ani}/edit", data={"name": "A", "branch": ""})
    for branch in (here, there):
        owner.post(f"/customers/{budi}/edit", data={"name": "B", "branch": branch})
    owner.post(f"/customers/{citra}/edit", data={"name": "Citra", "city": "Bogor", "branch": there})
    owner.post("/customers/bulk", data={"action": "deactivate", "ids": dewi})

    said = undo(staff)

    assert said.startswith("3 customers put back. 2 customers were moved again since")
    assert branches_of(cast.staff) == {"A": None, "B": there, "Citra": here, "D": here, "E": here}
    with cast.staff.acting():
        kept = db.session.get_one(Customer, citra)
        assert (kept.name, kept.city) == ("Citra", "Bogor"), "what else was changed stays"
        assert not db.session.get_one(Customer, dewi).is_active
        assert db.session.scalar(sa.select(sa.func.count(BulkChangeRow.id)).where(BulkChangeRow.change_id == 1)) == 0
    assert eka


def test_one_who_was_restored_and_archived_again_stays_archived(cast: Cast) -> None:
    ani, budi, citra = add(cast.staff, "Ani", "Budi", "Citra")
    client = cast.staff.client()
    bulk(client, action="archive", all="1")
    client.post(f"/customers/{ani}/restore")
    client.post(f"/customers/{ani}/archive")
    client.post(f"/customers/{budi}/restore")

    assert undo(client) == "1 customer put back. 2 customers changed again since, and stayed so."
    assert archived(cast.staff) == ["Ani"]

    bulk(client, "?status=archived", action="restore", all="1")
    client.post(f"/customers/{ani}/archive")
    client.post(f"/customers/{ani}/restore")
    assert undo(client, 2) == "0 customers put back. 1 customer changed again since, and stayed so."
    assert archived(cast.staff) == []
    assert citra


def test_a_branch_that_is_gone_is_not_moved_back_to(cast: Cast) -> None:
    with cast.owner.acting():
        old, new = make_branch(name="Old"), make_branch(name="New")
        make_customer(name="Ani", branch_id=old)
        make_customer(name="Budi")
    client = cast.owner.client()
    bulk(client, action="move", branch=new, all="1")
    assert client.post(f"/settings/branches/{old}/delete").status_code == 303

    assert undo(client).startswith("1 customer put back. 1 customer was moved again since, or their old branch is gone")
    assert branches_of(cast.owner) == {"Ani": new, "Budi": None}


@pytest.mark.usefixtures("few")
def test_a_branch_that_goes_while_many_are_moved_ends_it(cast: Cast, app: Flask) -> None:
    with cast.owner.acting():
        new = make_branch(name="New")
    add(cast.owner, *"ABCDEF")
    client = cast.owner.client()
    answer = client.post("/customers/bulk", data={"action": "move", "branch": new, "all": "1"})
    assert answer.location == "/bulk/1"
    assert client.post(f"/settings/branches/{new}/delete").status_code == 303

    work(app)

    assert "The branch was deleted in the meantime" in client.get("/bulk/1").text
    assert set(branches_of(cast.owner).values()) == {None}
    with cast.owner.acting():
        assert not db.session.scalars(sa.select(DueWork.subject_id).where(DueWork.kind == "bulk")).all()


def test_only_branches_of_the_organization_and_only_who_sees_them_all(cast: Cast) -> None:
    with cast.stranger.acting():
        theirs = make_branch()
    with cast.owner.acting():
        ours = make_branch(name="Ours")
        ani = make_customer(name="Ani", branch_id=ours)
    client = cast.staff.client()
    for branch in (theirs, "", "x", -1, 10**20):
        answer = client.post("/customers/bulk", data={"action": "move", "branch": branch, "ids": ani})
        assert answer.status_code == 422
        assert "Choose the branch to move the customers to." in answer.text
        assert "toast-bad" in client.post("/customers/bulk", data={"branch": branch, "ids": ani}, headers=HTMX).text
    assert client.post("/customers/bulk", data={"action": "move", "ids": ani}).status_code == 422
    assert cast.viewer.client().post("/customers/bulk", data={"branch": "none", "ids": ani}).status_code == 403
    assert cast.viewer.client().post("/customers/bulk", data={"action": "archive", "ids": ani}).status_code == 403
    assert bulk(client, action="move", branch="none", ids=ani) == "1 customer moved to no branch."
    assert undo(client) == "1 customer put back."


def test_the_list_offers_the_branches_without_javascript(cast: Cast) -> None:
    add(cast.staff, "Ani")
    client = cast.staff.client()
    assert "Move to branch" not in client.get("/").text, "there are none"
    with cast.staff.acting():
        branch = make_branch(name="Kemang & Co")

    page = client.get("/").text

    assert re.search(rf'<button class="menu-item" name="branch" value="{branch}" dir="auto">Kemang &amp; Co<', page)
    assert 'name="branch" value="none"' in page
    assert 'name="action" value="archive"' in page
    assert "Kemang &amp; Co</button>" in client.get("/?q=ani", headers=HTMX).text


def test_who_changed_since_the_list_was_read_is_left_and_counted(cast: Cast) -> None:
    ani, budi = add(cast.staff, "Ani", "Budi")
    client = cast.staff.client()
    read = opened(client)
    client.post(f"/customers/{budi}/edit", data={"name": "Budi R"})

    assert bulk(client, action="archive", all="1", as_of=read) == (
        "1 customer archived. 1 customer was added or changed after you opened the list, and was left as before."
    )
    assert archived(cast.staff) == ["Ani"]
    assert ani


def test_series_go_on_with_those_who_are_restored(cast: Cast) -> None:
    with cast.staff.acting():
        ids = [make_customer(name=name, phone=f"+62 812 345 1000{n}") for n, name in enumerate(("Ani", "Budi"))]
    client = cast.staff.client()
    for id_ in ids:
        data = {"channel": "sms", "body": "Hi", "in_days": "1", "repeat": "daily"}
        client.post(f"/customers/{id_}/messages/new", data=data)
    with cast.staff.acting():
        series = db.session.scalars(sa.select(Series.id)).all()
    assert len(series) == 2
    bulk(client, action="archive", all="1")

    def due() -> int:
        with cast.staff.acting():
            statement = sa.select(sa.func.count(DueWork.subject_id)).where(DueWork.kind == "series")
            return db.session.scalar(statement.where(DueWork.due_at <= database_now())) or 0

    assert due() == 0
    assert undo(client) == "2 customers put back."
    assert due() == 2


@pytest.mark.usefixtures("few")
def test_many_are_archived_and_put_back_by_the_worker(cast: Cast, app: Flask) -> None:
    ids = add(cast.staff, *"ABCDEF")
    client = cast.staff.client()
    client.post("/customers/bulk", data={"action": "deactivate", "ids": ids[0]})
    before = states(cast.staff)

    answer = client.post("/customers/bulk", data={"action": "archive", "all": "1", "except": ids[5]})

    assert answer.location == "/bulk/2"
    with app.app_context():
        jobs.go_on_bulk_due()
    assert "2 of 6 looked at, 2 archived so far." in client.get("/bulk/2").text
    work(app)
    assert "5 customers archived." in client.get("/bulk/2").text
    assert archived(cast.staff) == [*"ABCDE"]
    client.post("/bulk/2/undo")
    work(app)
    assert "5 customers put back." in client.get("/bulk/2").text
    assert states(cast.staff) == before


def test_a_merged_customer_is_left_where_the_merge_put_them(cast: Cast) -> None:
    with cast.staff.acting():
        here, there = make_branch(name="Here"), make_branch(name="There")
        gone, kept = make_customer(name="Sari", branch_id=here), make_customer(name="Sari D", branch_id=there)
    client = cast.staff.client()
    bulk(client, action="move", branch=there, all="1")
    with cast.staff.acting():
        merge(add_entry((gone, kept)).id, kept, {})

    assert undo(client).startswith("0 customers put back. 1 customer was moved again since")
    assert branches_of(cast.staff)["Sari D"] == there


@pytest.mark.parametrize("action", ["archive", "move"])
@pytest.mark.parametrize("point", ["bulk uncommitted", "bulk committed"])
def test_a_killed_worker_goes_on_where_it_was_also_with_the_undo(
    cast: Cast, crowd: list[int], environ: dict[str, str], worker_process: Start, point: str, action: str
) -> None:
    with cast.staff.acting():
        branch = make_branch()
    before, client = states(cast.staff), cast.staff.client()
    for url, data in (("/customers/bulk", {"action": action, "branch": branch, "all": "1"}), ("/bulk/1/undo", {})):
        assert client.post(url, data=data).location == "/bulk/1"
        killed = worker_process(environ | {"CRM_FAIL_POINT": point})
        wait_for(lambda killed=killed: killed.popen.poll() is not None, "the worker is killed", 60)
        worker = worker_process(environ)
        wait_for(lambda: 'class="bar"' not in client.get("/bulk/1").text, "the step is done", 60)
        worker.stop()
        changed = sum(state != before[name] for name, state in states(cast.staff).items())
        assert changed == (0 if "undo" in url else len(crowd))

    with cast.staff.acting():
        change = db.session.get_one(BulkChange, 1)
        assert (change.changed, change.put_back) == (len(crowd), len(crowd))
        written = sa.select(sa.func.count(Event.id)).where(Event.subject == BulkChange.__tablename__)
        assert db.session.scalar(written) == 2 * len(crowd), "each once, there and back"
        assert db.session.scalars(sa.select(Branch.id)).all()
