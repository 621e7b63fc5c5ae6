"""Leads, follow-ups and loan commitments by the JSON API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.bookings.models import Booking
from crm.kernel.db import transaction
from tests.factories import Cast, make_branch, make_customer, make_follow_up, make_lead

SHAPE = {
    *("id", "organization", "name", "contact_number", "contact_number_valid", "email", "passport_number", "branch"),
    *("source", "assigned_to", "status", "next_follow_up", "lost_reason", "notes", "customer", "booking"),
    *("created_at", "updated_at"),
}


@pytest.fixture
def api(app: Flask, cast: Cast) -> FlaskClient:
    """A till that staff signed in."""
    client = app.test_client()
    client.environ_base.update({f"HTTP_{k.upper().replace('-', '_')}": v for k, v in cast.staff.token().items()})
    return client


def body(response: Any, status: int = 200) -> Any:
    assert response.status_code == status, response.text
    return response.json


def test_a_lead_is_added_read_and_sent_back(cast: Cast, api: FlaskClient) -> None:
    with cast.owner.acting():
        branch, customer = make_branch(), make_customer(name="Jane Smith", phone="0812 3456 7890")
    sent = {"name": "Jane Smith", "contact_number": "(0812) 3456-7890", "email": "Jane@Example.com", "branch": branch}
    made = body(api.post("/api/leads/", json=sent), 201)
    assert set(made) == SHAPE
    assert (made["contact_number"], made["email"], made["source"]) == ("+6281234567890", "jane@example.com", "API")
    assert (made["status"], made["customer"], made["booking"], made["branch"]) == ("new", customer, None, branch)

    address = f"/api/leads/{made['id']}/"
    assert body(api.get(address)) == made
    assert body(api.put(address, json=made)) == made, "what was read can be sent back"
    lost = body(api.patch(address, json={"status": "lost", "lost_reason": "Too expensive"}))
    assert (lost["status"], lost["lost_reason"]) == ("lost", "Too expensive")
    assert body(api.patch(address, json={"status": "contacted"}))["lost_reason"] == ""

    second = body(api.post("/api/leads/", json={"name": "Budi", "contact_number": "ask Sari"}), 201)
    assert (second["contact_number"], second["contact_number_valid"]) == ("ask Sari", False)
    for query, names in {
        "": ["Budi", "Jane Smith"], "search=0812-3456": ["Jane Smith"], "status=new": ["Budi"], "status=lost": [],
    }.items():  # fmt: skip
        page = body(api.get(f"/api/leads/?{query}"))
        assert ([row["name"] for row in page["results"]], page["count"]) == (names, len(names))
    assert body(api.get("/api/leads/?page_size=1"))["next"].endswith("/api/leads/?page_size=1&page=2")


def test_what_is_wrong_is_said(cast: Cast, api: FlaskClient) -> None:
    wrong = {"name": " ", "email": "jane@", "branch": 999, "status": "won"}
    errors = body(api.post("/api/leads/", json=wrong), 400)["errors"]
    assert set(errors) == {"name", "email", "status"}
    assert body(api.post("/api/leads/", json={"name": "Jane", "branch": 999}), 400)["errors"] == {
        "branch": ["There is no branch with this id."]
    }
    with cast.owner.acting():
        address = f"/api/leads/{make_lead()}/"
    late = {"amount": "1.00", "promised_date": "2999-01-01"}
    assert "promised_date" in body(api.post(f"{address}loan-commitments/", json=late), 400)["errors"]
    assert "method" in body(api.post(f"{address}follow-ups/", json={"note": "x"}), 400)["errors"]


def test_a_lead_names_its_latest_booking(cast: Cast, api: FlaskClient) -> None:
    with cast.owner.acting():
        lead = make_lead()
        with transaction() as session:
            rows = [Booking(number=n, number_key=n, date=dt.date(2026, 1, 2), lead_id=lead) for n in ("A", "B")]
            session.add_all(rows)
            session.flush()
            latest = rows[1].id
    assert body(api.get(f"/api/leads/{lead}/"))["booking"] == latest
    assert body(api.get("/api/leads/"))["results"][0]["booking"] == latest


def test_a_follow_up_is_done_and_plans_the_next(cast: Cast, api: FlaskClient) -> None:
    with cast.owner.acting():
        lead, other = make_lead(), make_lead()
    address = f"/api/leads/{lead}/follow-ups/"
    sent = {"method": "call", "note": "Bali", "due_at": "2026-12-01T09:00:00+07:00"}
    made = body(api.post(address, json=sent), 201)
    assert (made["lead"], made["due_at"], made["done_at"]) == (lead, "2026-12-01T02:00:00Z", None)
    assert body(api.get(f"/api/leads/{lead}/"))["next_follow_up"] == "2026-12-01T02:00:00Z"

    done = {"done": True, "outcome": "Wants dates", "next_due_at": "2026-12-08T02:00:00Z"}
    changed = body(api.patch(f"{address}{made['id']}/", json=done))
    assert (changed["outcome"], changed["done_at"] is not None) == ("Wants dates", True)
    read = body(api.get(f"/api/leads/{lead}/"))
    assert (read["status"], read["next_follow_up"]) == ("contacted", "2026-12-08T02:00:00Z")
    assert body(api.get(address))["count"] == 2
    assert body(api.patch(f"{address}{made['id']}/", json={"outcome": "Wants a quote"}))["outcome"] == "Wants a quote"
    assert body(api.patch(f"{address}{made['id']}/", json={"done": False}))["done_at"] is None
    assert body(api.get(address))["count"] == 1, "what doing it planned is gone"
    assert api.get(f"/api/leads/{other}/follow-ups/{made['id']}/").status_code == 404


def test_a_loan_commitment_is_settled(cast: Cast, api: FlaskClient) -> None:
    with cast.owner.acting():
        lead = make_lead()
        follow_up = make_follow_up(lead)
    address = f"/api/leads/{lead}/loan-commitments/"
    made = body(api.post(address, json={"amount": "1500.50", "promised_date": "2026-12-01"}), 201)
    assert (made["lead"], made["amount"], made["promised_date"], made["state"]) == (
        *(lead, "1500.50", "2026-12-01", "open"),
    )
    one = f"{address}{made['id']}/"
    assert body(api.patch(one, json={"state": "broken", "promised_date": "2026-12-02"}))["state"] == "broken"
    assert body(api.get(one))["promised_date"] == "2026-12-02"
    assert body(api.patch(one, json={"state": "open"}))["state"] == "open"
    assert body(api.get(address))["count"] == 1
    assert api.get(f"{address}{follow_up + 1000}/").status_code == 404


def test_the_same_key_makes_one_lead(api: FlaskClient) -> None:
    key = {"Idempotency-Key": "k1"}
    first, again = (api.post("/api/leads/", json={"name": "Jane"}, headers=key) for _ in range(2))
    assert body(first, 201) == body(again, 201)
    assert api.post("/api/leads/", json={"name": "Joan"}, headers=key).status_code == 422
    assert body(api.get("/api/leads/"))["count"] == 1
