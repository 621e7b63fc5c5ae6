"""A page remembers what the last one said, and never says it where something else should stand."""

from __future__ import annotations

import datetime as dt
import re

from flask.testing import FlaskClient

from crm import clock
from crm.accounts.models import Organization
from crm.customers.services import edit_customer
from crm.db import transaction
from crm.extensions import db
from crm.messages.models import Message
from crm.messages.rules import Channel, Status
from tests.factories import Cast, make_customer


def reminder_of(cast: Cast, name: str) -> int:
    """Make a customer with a reminder, and return the customer's id."""
    with cast.staff.acting(), transaction() as session:
        customer_id = make_customer(name=name, phone="0812 3456 7890")
        due = clock.utcnow() - dt.timedelta(hours=1)
        session.add(
            Message(
                customer_id=customer_id,
                channel=Channel.WHATSAPP.value,
                body="Your cake is ready",
                send_at=due,
                status=Status.REMINDER.value,
                status_at=due,
            )
        )
        return customer_id


def tokens(client: FlaskClient) -> list[str]:
    return re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/").text)


def test_each_page_has_its_own_token_in_all_of_its_forms(cast: Cast) -> None:
    reminder_of(cast, "Sari")
    staff, owner = cast.staff.client(), cast.owner.client()

    found = [tokens(client) for client in (staff, staff, owner)]

    assert [len(set(page)) for page in found] == [1, 1, 1]
    assert len(found[0]) > 2, "the reminder's form among them"
    assert found[2][0] not in found[0], "nobody gets another one's"


def test_who_may_only_read_gets_no_buttons_from_who_may_more(cast: Cast) -> None:
    id_ = reminder_of(cast, "Sari")

    pages = [person.client().get("/").text for person in (cast.staff, cast.viewer, cast.staff)]

    assert [f"/customers/{id_}/edit" in page for page in pages] == [True, False, True]
    assert ["Mark as done" in page for page in pages] == [True, False, True]


def test_a_change_stands_on_the_next_page(cast: Cast) -> None:
    id_ = reminder_of(cast, "Sari")
    client = cast.staff.client()
    assert client.get("/").text.count(">Sari</a>") == 2, "the reminder and the row"

    with cast.staff.acting():
        edit_customer(id_, {"name": "Siti"})

    page = client.get("/").text
    assert (page.count(">Siti</a>"), page.count(">Sari</a>")) == (2, 0)


def test_the_organizations_way_of_writing_holds_at_once(cast: Cast) -> None:
    reminder_of(cast, "Sari")
    client = cast.staff.client()
    before = client.get("/").text

    with cast.owner.acting(), transaction():
        db.session.get_one(Organization, cast.owner.organization_id).time_zone = "Asia/Karachi"

    assert said(before) != said(client.get("/").text), "the hour in another zone"


def said(page: str) -> list[str]:
    return re.findall(r"<time[^>]*>([^<]*)</time>", page)
