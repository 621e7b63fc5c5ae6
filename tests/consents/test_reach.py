"""Who can be reached for marketing is one condition, and agrees with the send policy."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.consents.reach import Reach, can_be_reached, count_reach, reach_of
from crm.customers.models import Customer
from crm.customers.rules import Consent, MessagePurpose
from crm.customers.services import archive_customer
from crm.delivery.batch import Batch
from crm.delivery.send_policy import Stop
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.messages.channels.base import Channel
from crm.messages.channels.email import EMAIL
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import all_channels
from crm.messages.channels.sms import SMS
from crm.messages.models import Message
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs.services import note_down
from crm.values import clock
from tests.factories import make_contact, make_customer
from tests.messages.shop import Shop
from tests.test_plans import plans

AGREED = dict.fromkeys(("marketing_sms", "marketing_whatsapp", "marketing_email"), Consent.GIVEN)


@pytest.fixture
def people(shop: Shop) -> dict[str, int]:
    """Customers of every kind, by name."""
    with shop.inside():
        found = {
            "all": make_customer(name="All", phone="+6281200000001", email="all@mail.example", **AGREED),
            "nobody": make_customer(name="Nobody", phone="+6281200000002", email="nobody@mail.example"),
            "withdrawn": make_customer(name="Withdrawn", phone="+6281200000003", marketing_sms=Consent.WITHDRAWN),
            "forbids": make_customer(name="Forbids", phone="+6281200000004", sms_allowed=False, **AGREED),
            "addressless": make_customer(name="Addressless", phone="not a number", **AGREED),
            "stopped": make_customer(name="Stopped", phone="+6281200000005", email="stop@mail.example", **AGREED),
            "brazilian": make_customer(name="Brazilian", phone="+5511961234567", **AGREED),
            "second": make_customer(name="Second number", phone="+6281200000006", **AGREED),
            "relative": make_customer(name="Relative", phone="+6281200000008", **AGREED),
            "archived": make_customer(name="Archived", phone="+6281200000009", **AGREED),
        }
        archive_customer(found["archived"])
        make_contact(found["second"], "+6281200000007")
        make_contact(found["relative"], "+6281200000005")
        with transaction():
            for number in ("+6281200000005", "+551161234567", "+6281200000007"):
                note_down(number, PHONES, OptOutSource.STAFF)
            note_down("stop@mail.example", EMAILS, OptOutSource.STAFF, purpose=Purpose.MARKETING)
        return found


def test_it_says_why_the_others_cannot_be_reached(shop: Shop, people: dict[str, int]) -> None:
    with shop.inside():
        names = {id_: name for name, id_ in people.items()}
        rows = db.session.execute(sa.select(Customer.id, reach_of(SMS)).where(Customer.archived_at.is_(None)))
        assert {names[id_]: Reach(reach) for id_, reach in rows} == {
            "all": Reach.REACHABLE,
            "nobody": Reach.NO_CONSENT,
            "withdrawn": Reach.NO_CONSENT,
            "forbids": Reach.NO_CONSENT,
            "addressless": Reach.NO_ADDRESS,
            "stopped": Reach.SUPPRESSED,
            "brazilian": Reach.SUPPRESSED,
            "second": Reach.SUPPRESSED,
            "relative": Reach.REACHABLE,
        }
        assert count_reach(SMS) == {
            Reach.REACHABLE: 2,
            Reach.NO_CONSENT: 3,
            Reach.NO_ADDRESS: 1,
            Reach.SUPPRESSED: 3,
        }
        assert count_reach(EMAIL, [Customer.name == "Stopped"])[Reach.SUPPRESSED] == 1


def judged(customer: Customer, channel: Channel) -> bool:
    """Return whether the send policy lets the customer have marketing."""
    message = Message(customer_id=customer.id, channel=channel, purpose=MessagePurpose.MARKETING, body="Cake week!")
    message.send_at = clock.utcnow()
    return not isinstance(Batch({customer.id: customer}).judge(message), Stop)


def test_it_agrees_with_the_send_policy(shop: Shop, people: dict[str, int]) -> None:
    # A free text by WhatsApp would be stopped for its window.
    shop.set(whatsapp_gateway="manual")
    with shop.inside(), transaction():
        for channel in all_channels():
            reached = set(db.session.scalars(sa.select(Customer.id).where(can_be_reached(channel))))
            customers = db.session.scalars(sa.select(Customer)).all()
            assert reached == {customer.id for customer in customers if judged(customer, channel)}, channel


def test_the_list_is_narrowed_by_it(shop: Shop, owner: FlaskClient, people: dict[str, int]) -> None:
    page = owner.get("/?reachable=sms").text
    assert "Relative" in page
    assert "Nobody" not in page
    assert "Stopped" not in page
    assert "Can be reached by" in page
    withdrawn = owner.get("/?marketing_sms=withdrawn").text
    assert "+62 812-0000-0003" in withdrawn or "0812-0000-0003" in withdrawn
    assert "0000-0001" not in withdrawn
    assert "There is no channel “fax”." in owner.get("/?reachable=fax").text


def test_an_index_has_those_who_agreed(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    with shop.inside():
        people = [
            {
                "name": f"Customer {n}",
                "name_key": f"customer {n}",
                "email": f"customer{n}@mail.example",
                "marketing_email": Consent.GIVEN if n % 100 == 0 else Consent.NOT_ASKED,
                "created_month": "2026-11",
            }
            for n in range(3_000)
        ]
        with transaction() as session:
            insert_many(Customer, people)
            session.connection().exec_driver_sql("ANALYZE")
        with plans(app, "customers") as lines:
            ids = db.session.scalars(sa.select(Customer.id).where(can_be_reached(EMAIL))).all()
    assert len(ids) == 30
    assert "ix_customers_marketing_email" in " ".join(lines), lines
    with plans(app, "customers") as lines:
        assert "Customer 100" in owner.get("/?reachable=email").text
    assert "ix_customers_marketing_email" in " ".join(lines), lines
