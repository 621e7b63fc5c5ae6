"""Retention: counted first, old texts go, and inactive customers are erased after two weeks on a list; holds stay."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa

from crm.customers.models import Customer
from crm.duplicates.services import merge
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Attempt, Message
from crm.privacy.models import InactiveCustomer
from crm.privacy.retention import apply
from crm.values import clock
from tests.factories import (
    Cast,
    make_attempt,
    make_booking,
    make_customer,
    make_duplicate,
    make_inactive,
    make_invoice,
    make_lead,
    make_message,
    make_text,
)

LONG_AGO = clock.utcnow() - dt.timedelta(days=1_200)
RULES = {
    "inactive_months": "24",
    "messages_days": "90",
    "inbound_days": "90",
    "deliveries_days": "90",
    "hold_years": "10",
}


def _age(*customer_ids: int) -> None:
    """Let customers be of long ago."""
    with transaction() as session:
        session.execute(
            sa.update(Customer).where(Customer.id.in_(customer_ids)).values(created_at=LONG_AGO, last_activity_at=None)
        )
        session.execute(sa.update(Event).where(Event.customer_id.in_(customer_ids)).values(at=LONG_AGO))


def test_inactive_customers_are_listed_and_then_erased_but_for_holds(cast: Cast) -> None:
    owner = cast.owner.client()
    with cast.owner.acting():
        old, kept, invoiced, written, guest, lead, recent = (make_customer(name=f"Person {n}") for n in range(7))
        make_invoice(invoiced)
        make_message(customer_id=written)
        make_booking(persons=[{"name": "Person 4", "customer_id": guest}])
        with transaction() as session:
            session.get_one(Customer, lead).phone = ""
        lead_id = make_lead(name="Person 5")
        with transaction():
            db.session.execute(
                sa.text("update leads set customer_id = :c where id = :l"),
                {"c": lead, "l": lead_id},
                execution_options={"all_organizations": True},
            )
        _age(old, kept, invoiced, written, guest, lead)
    counted = owner.post("/settings/privacy", data=RULES | {"count": "1"})
    assert "Nothing is deleted yet" in counted.text
    with cast.owner.acting():
        assert not apply(cast.owner.organization_id)
        assert not db.session.scalars(sa.select(InactiveCustomer)).all(), "counting saves nothing"
    assert owner.post("/settings/privacy", data=RULES).status_code == 303
    organization_id = cast.owner.organization_id
    with cast.owner.app.app_context():
        apply(organization_id)
    with cast.owner.acting():
        listed = {row.customer_id: row.id for row in db.session.scalars(sa.select(InactiveCustomer))}
        assert set(listed) == {old, kept}
    assert owner.post(f"/settings/privacy/inactive/{listed[kept]}/keep").status_code == 303
    page = owner.get("/settings/privacy").text
    assert "Person 0" in page
    assert f'/customers/{kept}"' not in page
    with cast.owner.acting(), transaction():
        db.session.execute(sa.update(InactiveCustomer).values(erase_at=LONG_AGO))
    with cast.owner.app.app_context():
        apply(organization_id)
    with cast.owner.acting():
        gone = [row.id for row in db.session.scalars(sa.select(Customer).where(Customer.erased_at.is_not(None)))]
        assert gone == [old]
    assert "Inactive for 24 months" in owner.get(f"/customers/{old}").text
    assert recent


def test_old_texts_go_and_what_waits_stays(cast: Cast) -> None:
    with cast.owner.acting():
        sent, waiting = make_message(status="delivered"), make_message()
        attempt = make_attempt(status="delivered")
        text, asks = make_text(body="Old text"), make_text(body="Stop it please", effect="ask")
        with transaction() as session:
            session.execute(sa.update(Message).values(status_at=LONG_AGO, created_at=LONG_AGO))
            session.execute(sa.update(Attempt).values(started_at=LONG_AGO))
            session.execute(sa.update(InboundMessage).values(received_at=LONG_AGO))
    assert cast.owner.client().post("/settings/privacy", data=RULES).status_code == 303
    with cast.owner.app.app_context():
        apply(cast.owner.organization_id)
    with cast.owner.acting():
        assert db.session.get_one(Message, sent).body == ""
        assert db.session.get_one(Message, waiting).body
        assert db.session.get_one(Attempt, attempt).recipient == ""
        assert db.session.get(InboundMessage, text) is None
        assert db.session.get(InboundMessage, asks)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_rules_are_the_owners_and_wrong_numbers_are_explained(cast: Cast) -> None:
    assert cast.manager.client().get("/settings/privacy").status_code == 403
    owner = cast.owner.client()
    wrong = owner.post("/settings/privacy", data=RULES | {"messages_days": "soon", "hold_years": ""})
    assert wrong.status_code == 422
    assert "Enter a number from 7 to 3650, or leave it empty." in wrong.text
    assert "Enter a number from 0 to 30." in wrong.text
    assert 'value="soon"' in wrong.text


def test_two_who_are_listed_can_be_merged(cast: Cast) -> None:
    with cast.owner.acting():
        survivor, merged = (db.session.get_one(InactiveCustomer, make_inactive()).customer_id for _ in range(2))
        merge(make_duplicate(survivor, merged), keep=survivor, take={})
        assert db.session.scalars(sa.select(InactiveCustomer.customer_id)).all() == []
