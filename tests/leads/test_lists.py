"""The lists of leads: what is to do next first, tabs with counts, whose they are, and the board."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.follow_ups import add_follow_up
from crm.leads.lists import IN_COLUMN
from crm.leads.models import Lead, Method
from crm.values import clock
from tests.factories import Cast, Person, make_branch, make_lead

HTMX = {"HX-Request": "true"}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def names(client: FlaskClient, query: str = "") -> list[str]:
    """Return who is in the list, from the top."""
    return re.findall(r'href="/leads/\d+">([^<]+)', client.get(f"/leads?{query}").text)


def tabs(client: FlaskClient, query: str = "") -> list[str]:
    nav = client.get(f"/leads?{query}").text.split('class="tabs"', 1)[1].split("</nav>", 1)[0]
    links = re.findall(r"<a\b[^>]*>(.*?)</a>", nav, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", link).split()) for link in links]


def column(client: FlaskClient, status: str, query: str = "") -> list[str]:
    html = client.get(f"/leads?view=board&{query}").text
    part = html.split(f'data-status="{status}"', 1)[1].split("</section>", 1)[0]
    return re.findall(r'href="/leads/\d+">([^<]+)', part)


def planned(name: str, hours: float | None, **values: object) -> int:
    """Make a lead whose follow-up is due in so many hours."""
    lead = make_lead(name=name, **values)
    if hours is not None:
        add_follow_up(lead, Method.CALL, "", clock.utcnow() + dt.timedelta(hours=hours))
    return lead


def test_what_is_to_do_next_stands_first_and_what_is_not_planned_last(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        planned("Later", 300)
        planned("Unplanned", None)
        planned("Overdue", -30)
        planned("Won", -60, status="converted")
        planned("Lost", -60, status="lost")
        planned("Newest", None)
    assert names(staff) == ["Overdue", "Later", "Newest", "Unplanned"]
    assert names(staff, "status=open") == names(staff)
    assert (names(staff, "status=converted"), names(staff, "status=lost")) == (["Won"], ["Lost"])
    assert tabs(staff) == ["Open 4", "Overdue 2", "Today", "Won", "Lost"], "a won lead can be overdue, too"
    assert sorted(names(staff, "q=e")) == ["Later", "Newest", "Overdue", "Unplanned"]
    assert names(staff, "q=lost") == ["Lost"], "a search finds everybody"
    assert tabs(staff, "q=lost") == ["Open", "Overdue", "Today", "Won", "Lost", "All"]


def test_a_page_goes_on_where_the_one_before_ended(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        for number in range(30):
            planned(f"Planned {number:02}", number + 1)
            planned(f"Unplanned {number:02}", None)
    newest_first = [f"Unplanned {number:02}" for number in range(29, -1, -1)]
    assert names(staff) == [*(f"Planned {number:02}" for number in range(30)), *newest_first[:20]]
    assert names(staff, "page=2") == newest_first[20:]


@SQLITE
def test_the_first_page_is_read_along_an_index(cast: Cast, staff: FlaskClient) -> None:
    plans: list[str] = []

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def explain(connection: sa.Connection, cursor: Any, statement: str, parameters: Any, *rest: object) -> None:
        if "UNION ALL" in statement and statement.startswith("SELECT leads."):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.append("\n".join(map(str, plan)))

    try:
        staff.get("/leads")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", explain)
    (plan,) = plans
    assert plan.count("ix_leads_open") == 2, plan


@SQLITE
def test_a_new_lead_is_of_whoever_adds_it_and_can_be_given_to_another(cast: Cast, staff: FlaskClient) -> None:
    form = staff.get("/leads/new").text
    assert re.search(rf'<option selected value="{cast.staff.user_id}">staff<', form), form
    added = staff.post("/leads/new", data={"name": "Siti", "assigned_to": str(cast.staff.user_id)}).location
    staff.post("/leads/new", data={"name": "Budi", "assigned_to": ""})
    assert (names(staff, "mine=1"), names(cast.manager.client(), "mine=1")) == (["Siti"], [])
    assert tabs(staff, "mine=1")[0] == "Open 1"
    assert 'title="staff"' in staff.get("/leads").text
    assert 'title="staff"' in staff.get("/leads?view=board").text

    staff.post(f"{added}/edit", data={"name": "Siti", "assigned_to": str(cast.manager.user_id)})
    assert (names(staff, "mine=1"), names(cast.manager.client(), "mine=1")) == ([], ["Siti"])
    with cast.owner.acting():
        customer = db.session.scalars(sa.select(Lead.customer_id).where(Lead.name == "Siti")).one()
    assert "Lead</a> assigned to manager" in staff.get(f"/customers/{customer}").text


@SQLITE
def test_a_lead_is_assigned_to_people_who_work_here_alone(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti", assigned_to_id=cast.viewer.user_id)
    _disable(cast, cast.viewer)
    for stranger in (cast.stranger.user_id, cast.viewer.user_id + 999, "x"):
        refused = staff.post(f"/leads/{id_}/edit", data={"name": "Sita", "assigned_to": str(stranger)})
        assert (refused.status_code, "Choose " in refused.text, "Sita" in refused.text) == (422, True, True), stranger
    assert staff.post("/leads/new", data={"name": "A", "assigned_to": str(cast.viewer.user_id)}).status_code == 422
    kept = staff.post(f"/leads/{id_}/edit", data={"name": "Sita", "assigned_to": str(cast.viewer.user_id)})
    assert kept.status_code == 303, "who had it before may keep it"
    assert "viewer (no longer active)" in staff.get(f"/leads/{id_}/edit").text


@SQLITE
def test_staff_of_another_branch_get_no_lead_that_they_do_not_see(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
    with cast.owner.acting(), transaction() as session:
        session.get_one(Organization, cast.owner.organization_id).branch_bound = True
        session.get_one(Membership, cast.staff.membership_id).branch_id = ours
    data = {"name": "Siti", "assigned_to": str(cast.staff.user_id)}
    owner = cast.owner.client()
    refused = owner.post("/leads/new", data={**data, "branch": str(theirs)})
    assert "staff works in another branch" in refused.text
    assert owner.post("/leads/new", data={**data, "branch": str(ours)}).status_code == 303
    assert names(staff, "mine=1") == ["Siti"]


@SQLITE
def test_the_api_reads_and_writes_who_has_a_lead(app: Flask, cast: Cast) -> None:
    client, headers = app.test_client(), cast.staff.token()
    made = client.post("/api/leads/", json={"name": "Siti", "assigned_to": cast.manager.user_id}, headers=headers)
    assert (made.status_code, made.json["assigned_to"]) == (201, cast.manager.user_id)  # type: ignore[index]
    client.post("/api/leads/", json={"name": "Budi"}, headers=headers)
    page = client.get(f"/api/leads/?assigned_to={cast.manager.user_id}", headers=headers).json
    assert [row["name"] for row in page["results"]] == ["Siti"]  # type: ignore[index]
    address = f"/api/leads/{made.json['id']}/"  # type: ignore[index]
    refused = client.patch(address, json={"assigned_to": cast.stranger.user_id}, headers=headers)
    assert (refused.status_code, list(refused.json["errors"])) == (400, ["assigned_to"])  # type: ignore[index]
    assert client.patch(address, json={"assigned_to": None}, headers=headers).json["assigned_to"] is None  # type: ignore[index]


@SQLITE
def test_the_board_has_a_bounded_column_for_each_status(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        for number in range(IN_COLUMN + 2):
            planned(f"New {number:02}", IN_COLUMN - number)
        planned("Talked to", None, status="contacted")
        planned("Won", None, status="converted")
    assert column(staff, "new") == [f"New {number:02}" for number in range(IN_COLUMN + 1, 1, -1)]
    page = staff.get("/leads?view=board").text
    assert re.search(r'href="/leads\?status=new">\s*All 22', page)
    assert len(names(staff, "status=new")) == IN_COLUMN + 2
    assert (column(staff, "contacted"), column(staff, "converted")) == (["Talked to"], ["Won"])
    assert column(staff, "lost") == []
    assert column(staff, "converted", "q=won") == ["Won"]
    assert "No lead matches" in staff.get("/leads?view=board&q=nobody").text


@SQLITE
def test_a_lead_is_moved_on_the_board_and_back(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        id_ = make_lead(name="Siti")
    move, board = f"/leads/{id_}/status", {"Referer": "http://localhost/leads?view=board"}
    answer = staff.post(move, data={"status": "contacted"}, headers=board)
    assert (answer.status_code, answer.location) == (303, "/leads?view=board"), "without JavaScript, too"
    told = staff.get("/leads?view=board").text
    assert "Siti moved to Contacted." in told
    assert column(staff, "contacted") == ["Siti"]
    assert f'action="{move}?status=new"' in told
    assert staff.post(f"{move}?status=new").status_code == 303
    assert column(staff, "new") == ["Siti"]

    won = staff.post(move, data={"status": "converted"}, headers=HTMX)
    assert "Siti moved to Won." in won.text
    assert "customersChanged" in won.headers["HX-Trigger"]
    assert staff.post(move, data={"status": "lost"}).status_code == 409
    staff.post(move, data={"status": "contacted"})
    staff.post(f"/leads/{id_}/lost", data={"lost_reason": "Too expensive"})
    assert column(staff, "lost") == ["Siti"]
    assert staff.post(move, data={"status": "eaten"}).status_code == 422
    assert cast.viewer.client().post(move, data={"status": "new"}).status_code == 403
    assert cast.stranger.client().post(move, data={"status": "new"}).status_code == 404


def _disable(cast: Cast, person: Person) -> None:
    with cast.owner.acting(), transaction() as session:
        session.get_one(Membership, person.membership_id).disabled_at = clock.utcnow()
