"""Notes and logged calls: on the timelines of customers and leads, whole, once, and only for those who may see them."""

from __future__ import annotations

import re
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.kernel.db import database_now, transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.work import due
from crm.leads.models import Lead
from crm.notes.models import Note
from crm.notes.services import DELETED, remove_deleted
from tests.factories import (
    Cast,
    make_branch,
    make_customer,
    make_duplicate,
    make_follow_up,
    make_lead,
    make_note,
)

HTMX = {"HX-Request": "true"}
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = "Asked for two rooms.\n\u0627\u0644\u0633\u0644\u0627\u0645\n" + "Window seat. " * 60


@pytest.fixture
def staff(cast: Cast) -> FlaskClient:
    return cast.staff.client()


def bodies(client: FlaskClient, page: str) -> list[str]:
    """Return the notes on a page's timeline, the latest first."""
    found = re.findall(r'<p class="lines" dir="auto">(.*?)</p>', client.get(f"{page}/timeline").text, re.DOTALL)
    return [unescape(text) for text in found]


def pages_of(cast: Cast, lead_id: int) -> tuple[str, str]:
    with cast.owner.acting():
        return f"/leads/{lead_id}", f"/customers/{db.session.get_one(Lead, lead_id).customer_id}"


def test_a_note_is_written_once_changed_deleted_and_brought_back(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        customer = make_customer(name="Siti")
    page = f"/customers/{customer}"
    assert f'href="{page}/notes/new"' in staff.get(page).text
    form = staff.get(f"{page}/notes/new?kind=call")
    assert re.search(r'value="call"[^>]*checked|checked[^>]*value="call"', form.text)
    wrong = staff.post(f"{page}/notes", data={"text": "  ", "kind": "pigeon"})
    assert (wrong.status_code, "Write what happened." in wrong.text, "Choose a note" in wrong.text) == (422, True, True)

    data = {"text": LONG, "kind": "call", "idempotency_key": "k"}
    assert staff.post(f"{page}/notes", data=data).location == staff.post(f"{page}/notes", data=data).location == page
    assert staff.post(f"{page}/notes", data={**data, "text": "Other"}).status_code == 422, "nothing is lost"
    assert bodies(staff, page) == [LONG.strip()], "whole, in lines"
    with cast.owner.acting():
        note = db.session.scalars(sa.select(Note.id)).one()
    staff.post(f"/notes/{note}/edit", data={"text": "Two rooms", "kind": "note"})
    assert bodies(staff, page) == ["Two rooms", LONG.strip()], "what was before is told, too"

    deleted = staff.post(f"/notes/{note}/delete", headers=HTMX)
    assert f'action="/notes/{note}/restore"' in deleted.text
    assert bodies(staff, page) == []
    assert staff.get(f"/notes/{note}/edit").status_code == 404
    assert staff.post(f"/notes/{note}/restore").status_code == 303
    assert bodies(staff, page) == ["Two rooms", LONG.strip()]


def test_a_note_of_a_lead_stands_on_both_timelines(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        lead_id = make_lead(name="Siti")
        make_follow_up(lead_id, note="Ask about Bali")
    lead, customer = pages_of(cast, lead_id)
    staff.post(f"{lead}/notes", data={"text": "Calls back", "kind": "call"})
    assert bodies(staff, lead) == bodies(staff, customer) == ["Calls back"]
    told = staff.get(lead).text
    assert "Ask about Bali" in told.split('id="timeline-title"', 1)[1], "with the rest of what happened"


@SQLITE
def test_what_was_told_of_a_lead_comes_to_its_customer_and_outlives_them(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        lead_id = make_lead(name="Siti")
    lead, customer = pages_of(cast, lead_id)
    staff.post(f"{lead}/notes", data={"text": "Before", "kind": "note"})
    assert cast.owner.client().post(f"{customer}/delete").status_code == 303
    staff.post(f"{lead}/notes", data={"text": "Alone", "kind": "note"})
    assert bodies(staff, lead) == ["Alone", "Before"]
    assert "Customer deleted for good" in staff.get(lead).text
    with cast.owner.acting():
        gone = make_note(lead_id, text="Wrong")
    staff.post(f"/notes/{gone}/delete")
    staff.post(f"/notes/{gone}/restore")
    assert bodies(staff, lead) == ["Wrong", "Alone", "Before"]
    assert not re.search(r"Note (deleted|restored)", staff.get(f"{lead}/timeline").text), "as on the customer's"
    staff.post(f"/notes/{gone}/delete")

    staff.post(f"{lead}/convert")
    lead, again = pages_of(cast, lead_id)
    assert again != customer
    assert bodies(staff, lead) == bodies(staff, again) == ["Alone", "Before"]


@SQLITE
def test_a_merge_moves_notes_and_brings_them_back(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        siti, sari = make_customer(name="Siti Sari"), make_customer(name="Sari")
        make_note(customer_id=sari, text="Likes tea")
        entry = make_duplicate(siti, sari)
    assert staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": siti}).status_code == 303
    assert bodies(staff, f"/customers/{siti}") == ["Likes tea"]
    with cast.owner.acting():
        assert db.session.scalars(sa.select(Note.customer_id)).one() == siti
    staff.post(f"/duplicates/{entry}/undo")
    assert bodies(staff, f"/customers/{sari}") == ["Likes tea"]


@SQLITE
def test_staff_of_a_branch_see_the_notes_of_its_people_alone(cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        seen = make_note(make_lead(name="Siti", branch_id=ours))
        hidden = [make_note(make_lead(name="Budi", branch_id=theirs)), make_note(customer_id=make_customer())]
    assert staff.get(f"/notes/{seen}/edit").status_code == 200
    assert {staff.get(f"/notes/{note}/edit").status_code for note in hidden} == {404}
    assert staff.post(f"/notes/{seen}/delete").status_code == staff.post(f"/notes/{seen}/restore").status_code == 303


@SQLITE
def test_the_api_reads_and_writes_notes(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        lead_id = make_lead(name="Siti")
        customer = db.session.get_one(Lead, lead_id).customer_id
    client, headers = app.test_client(), cast.staff.token()
    of_lead, of_customer = f"/api/leads/{lead_id}/notes/", f"/api/customers/{customer}/notes/"
    made = client.post(of_lead, json={"text": "Calls back", "kind": "call"}, headers=headers)
    assert made.status_code == 201
    note = made.json
    assert note is not None
    assert {name: note[name] for name in ("lead", "customer", "kind", "text", "created_by")} == {
        "lead": lead_id,
        "customer": customer,
        "kind": "call",
        "text": "Calls back",
        "created_by": cast.staff.user_id,
    }
    client.post(of_customer, json={"text": "Likes tea"}, headers=headers)
    listed = client.get(of_customer, headers=headers).json
    assert [(row["text"], row["kind"]) for row in listed["results"]] == [("Likes tea", "note"), ("Calls back", "call")]  # type: ignore[index]
    assert client.get(of_lead, headers=headers).json["count"] == 1  # type: ignore[index]
    for wrong in ({}, {"text": ""}, {"text": None}, {"text": "x", "kind": "pigeon"}):
        assert client.post(of_lead, json=wrong, headers=headers).status_code == 400, wrong
    address = f"/api/notes/{note['id']}/"
    assert client.patch(address, json={"text": "Called"}, headers=headers).json["text"] == "Called"  # type: ignore[index]
    assert client.delete(address, headers=headers).status_code == 204
    assert client.get(address, headers=headers).status_code == 404
    assert client.get(of_customer, headers=cast.stranger.token()).status_code == 404


def test_a_deleted_note_is_gone_after_a_day(app: Flask, cast: Cast, staff: FlaskClient) -> None:
    with cast.owner.acting():
        old, back, new = make_note(text="Secret"), make_note(text="Back"), make_note()
    for note in (old, back):
        staff.post(f"/notes/{note}/delete")
    staff.post(f"/notes/{back}/restore")
    with app.app_context():
        remove_deleted(cast.owner.organization_id)
    with cast.owner.acting():
        assert len(list(db.session.scalars(sa.select(Note.id)))) == 3, "it is kept for a day"
    with cast.owner.acting(), transaction():
        due.put_off(DELETED, [old], database_now())
    with app.app_context():
        remove_deleted(cast.owner.organization_id)
    with cast.owner.acting():
        assert sorted(db.session.scalars(sa.select(Note.id))) == [back, new]
        assert "Secret" not in str(list(db.session.scalars(sa.select(Event.changes))))
    assert staff.post(f"/notes/{old}/restore").status_code == 404
