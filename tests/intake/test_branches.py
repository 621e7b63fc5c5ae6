"""Staff of one branch never take a customer of another branch over, by whatever they enter; on both databases."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from crm.accounts.models import Membership, Organization
from crm.area_customers.models import AreaCustomer
from crm.bookings.models import Booking
from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.leads.models import Lead
from crm.values import clock
from tests.api.conftest import Client
from tests.factories import Cast, make_branch, make_customer
from tests.intake.records import PHONE, add_lead

SENTENCE = "This is a customer of another branch. Nothing was changed."
WHO = {"name": "Budi Santoso", "phone": PHONE}
DAY = clock.utcnow().date().isoformat()


@pytest.fixture
def branches(cast: Cast) -> tuple[int, int]:
    """The branch of the staff, and the one of Budi."""
    with cast.owner.acting():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).branch_bound = True
            session.get_one(Membership, cast.staff.membership_id).branch_id = ours
        make_customer(**WHO, branch_id=theirs, notes="Wants a window seat")
    return ours, theirs


def budi(cast: Cast) -> tuple[Any, ...]:
    with cast.owner.acting():
        row = db.session.scalars(sa.select(Customer).where(Customer.name == "Budi Santoso")).one()
        return row.branch_id, row.last_activity_at, row.city, row.updated_at


def written(cast: Cast) -> int:
    with cast.owner.acting():
        return sum(
            db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0
            for model in (Lead, Booking, AreaCustomer)
        )


def test_the_api_refuses_and_writes_nothing(cast: Cast, api: Client, branches: tuple[int, int]) -> None:
    before = budi(cast)
    sari = {"name": "Sari Dewi", "phone": "0813 1111 2222"}

    for url, fields in (
        ("leads/", {"name": WHO["name"], "contact_number": PHONE}),
        ("area-customers/", WHO),
        ("bookings/", {"date": DAY, "persons": [sari, WHO]}),
    ):
        answer = api.post(url, json=fields)
        assert (answer.status_code, SENTENCE in answer.text) == (409, True), url

    assert (budi(cast), written(cast)) == (before, 0)
    with cast.owner.acting():
        assert db.session.scalars(sa.select(Customer.name)).all() == ["Budi Santoso"], (
            "not even the others of a booking"
        )
    assert api.post("leads/", json={"name": "Sari Dewi", "contact_number": PHONE}).status_code == 201, "another person"


def test_the_pages_refuse_and_write_nothing(cast: Cast, branches: tuple[int, int]) -> None:
    before, staff = budi(cast), cast.staff.client()
    booking = {"date": DAY, "amount": "", "status": "pending", "persons-0-name": WHO["name"], "persons-0-phone": PHONE}

    for url, fields in (
        ("/leads/new", {"name": WHO["name"], "contact_number": PHONE}),
        ("/area-customers/new", WHO),
        ("/bookings/new", booking),
    ):
        answer = staff.post(url, data=fields)
        assert (answer.status_code, SENTENCE in answer.text) == (409, True), url

    assert (budi(cast), written(cast)) == (before, 0)


def test_what_is_changed_into_somebody_of_another_branch_is_refused(
    cast: Cast, api: Client, branches: tuple[int, int]
) -> None:
    mine = api.post("area-customers/", json={"name": "Someone Else", "phone": "0813 1111 2222"}).json

    changed = api.call("PATCH", f"area-customers/{mine['id']}/", json=WHO)

    assert (changed.status_code, SENTENCE in changed.text) == (409, True)
    assert api.get(f"area-customers/{mine['id']}/") == mine


def test_a_record_whose_customer_moved_to_another_branch_can_be_changed_and_leaves_them_alone(
    cast: Cast, api: Client, branches: tuple[int, int]
) -> None:
    lead = api.post("leads/", json={"name": "Sari Dewi", "contact_number": "0813 1111 2222"}).json
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, lead["customer"]).branch_id = branches[1]

    changed = api.call("PATCH", f"leads/{lead['id']}/", json={"notes": "Called", "passport_number": "X1234567"})

    assert (changed.status_code, changed.json["notes"]) == (200, "Called")
    with cast.owner.acting():
        sari = db.session.get_one(Customer, lead["customer"])
        assert (sari.branch_id, sari.passport_number) == (branches[1], "")


def test_a_scan_passes_over_who_is_a_customer_of_another_branch(
    cast: Cast, api: Client, branches: tuple[int, int]
) -> None:
    ours = branches[0]
    add_lead(cast.owner, WHO["name"], PHONE, branch_id=ours)
    add_lead(cast.owner, "Sari Dewi", "+6281311112222", branch_id=ours)
    before = budi(cast)

    answer = api.post("customers/auto-collection/", json={"cutoff_days": 30})

    assert (answer.status_code, answer.json) == (200, {"created": 1, "updated": 0})
    assert budi(cast) == before
