"""A page remembers what the last one said, and never says it where something else should stand."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.branches import add, rename
from crm.accounts.models import Organization, User
from crm.customers.services import edit_customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.leads.services import edit_lead
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.values import clock
from tests.factories import Cast, join, make_branch, make_customer, make_follow_up, make_lead


def reminder_of(cast: Cast, name: str) -> int:
    """Make a customer with a reminder, and return the customer's id."""
    with cast.staff.acting(), transaction() as session:
        customer_id = make_customer(name=name, phone="0812 3456 7890")
        due = clock.utcnow() - dt.timedelta(hours=1)
        session.add(
            Message(
                customer_id=customer_id,
                channel=WHATSAPP,
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


def test_each_change_of_a_lead_stands_in_the_list(cast: Cast) -> None:
    with cast.staff.acting():
        id_, branch_id = make_lead(name="Lena", phone="0812 3456 7890"), make_branch()
    client = cast.staff.client()
    changes: list[tuple[dict[str, Any], str]] = [
        ({"name": "Lena Sari"}, ">Lena Sari</a>"),
        ({"phone": "0813 1111 2222"}, "1111-2222"),
        ({"source": "Fair"}, "<bdi>Fair</bdi>"),
        ({"branch_id": branch_id}, "<bdi>Branch "),
        ({"status": "contacted"}, 'data-status="contacted"'),
    ]
    for values, shown in changes:
        assert shown not in client.get("/leads").text
        with cast.staff.acting():
            edit_lead(id_, values)
        assert shown in client.get("/leads").text

    with cast.staff.acting():
        make_follow_up(id_, due_at=clock.utcnow() - dt.timedelta(days=2))
    page = client.get("/leads").text
    assert page.count(">Overdue</span>") == 1
    assert f"/leads/{id_}/convert" in page
    assert f"/leads/{id_}/convert" not in cast.viewer.client().get("/leads").text


def test_each_change_of_a_message_stands_in_the_list(cast: Cast) -> None:
    id_ = reminder_of(cast, "Sari")
    client = cast.staff.client()
    assert "Mark as done" in client.get("/messages").text

    with cast.staff.acting(), transaction():
        edit_customer(id_, {"name": "Siti"})
        db.session.scalars(sa.select(Message)).one().body = "Your bread is ready"
    page = client.get("/messages").text
    assert ">Siti</a>" in page
    assert "Your bread is ready" in page

    with cast.staff.acting():
        assert client.post(f"/messages/{db.session.scalars(sa.select(Message.id)).one()}/done").status_code == 303
    assert "Mark as done" not in client.get("/messages").text


def test_the_organizations_way_of_writing_holds_at_once(cast: Cast) -> None:
    reminder_of(cast, "Sari")
    client = cast.staff.client()
    before = client.get("/").text

    with cast.owner.acting(), transaction():
        db.session.get_one(Organization, cast.owner.organization_id).time_zone = "Asia/Karachi"

    assert said(before) != said(client.get("/").text), "the hour in another zone"


def said(page: str) -> list[str]:
    return re.findall(r"<time[^>]*>([^<]*)</time>", page)


def test_the_header_names_the_place_and_the_person_as_they_are_now(cast: Cast) -> None:
    staff = cast.staff.client()
    assert "Shop" in header(staff.get("/").text)

    with cast.owner.acting(), transaction():
        db.session.get_one(Organization, cast.owner.organization_id).name = "Toko Sari"
        db.session.get_one(User, cast.staff.user_id).name = "Budi"

    page = header(staff.get("/").text)
    assert "Toko Sari" in page
    assert "Budi" in page
    assert "Budi" not in header(cast.owner.client().get("/").text), "nobody is greeted by another one's name"


def test_the_header_marks_the_page_that_it_stands_on(cast: Cast) -> None:
    client = cast.owner.client()

    pages = [header(client.get(path).text) for path in ("/", "/messages", "/")]

    current = [re.findall(r'href="([^"]+)" aria-current="page"', page)[0] for page in pages]
    assert current == ["/", "/messages", "/"]


def test_the_header_offers_an_organization_from_the_moment_one_joins_it(app: Flask, cast: Cast) -> None:
    client = cast.owner.client()
    assert "Rival" not in header(client.get("/").text)

    with app.app_context():
        join(cast.owner.user_id, cast.stranger.organization_id, Role.STAFF)

    assert "Rival" in header(client.get("/").text)


def test_the_toolbar_and_the_list_say_what_is_asked_for_now(cast: Cast) -> None:
    with cast.owner.acting():
        branch_id = add("Kemang")
        make_customer(name="Sari")
    client = cast.staff.client()
    asked = [f"/?branch={branch_id}&city=Rovar", "/?q=Sari&sort=name", "/"]

    found = [client.get(path).text for path in (*asked, *asked)]

    assert found[0].count("Kemang") > 1, "among the choices, and in the filter's own words"
    # Once in the field, and once in the form of the heads that sort.
    assert [page.count('value="Sari"') for page in found] == [0, 2, 0] * 2
    assert [page.count('value="Rovar"') for page in found] == [1, 0, 0] * 2
    with cast.owner.acting():
        rename(branch_id, "Cipete")
    after = client.get(asked[0]).text
    assert "Cipete" in after
    assert "Kemang" not in after


def test_the_list_says_each_time_when_it_was_read(cast: Cast) -> None:
    with cast.staff.acting():
        make_customer(name="Sari")
    client = cast.staff.client()

    moments = [re.findall(r'name="as_of" value="([^"]+)"', client.get("/").text) for _ in range(2)]

    assert [len(found) for found in moments] == [1, 1]
    assert moments[0] < moments[1]


def test_one_more_customer_is_counted_at_once(cast: Cast) -> None:
    client = cast.staff.client()
    said_ = []
    for name in ("Sari", "Siti", "Budi"):
        with cast.staff.acting():
            make_customer(name=name)
        page, list_alone = client.get("/").text, client.get("/", headers={"HX-Request": "true"}).text
        said_.append([re.findall(r'class="count-line">([^<]+)<', text) for text in (page, list_alone)])

    assert said_ == [[["1 customer"]] * 2, [["2 customers"]] * 2, [["3 customers"]] * 2]


def header(page: str) -> str:
    return page[page.index("<header") : page.index("</header>")]
