"""The page with everything: what it shows, what it takes without a code, and what needs one."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.badges.rules import Picture
from crm.bookings.models import Booking
from crm.customer_page.models import CustomerCode, ErasureRequest
from crm.customer_page.rules import Scope
from crm.customers.consent_models import ConsentChange
from crm.customers.duplicate_pairs import Duplicate
from crm.customers.models import Customer
from crm.customers.rules import Consent
from crm.delivery import jobs
from crm.invoices.services import add_invoice
from crm.kernel.db import database_now, transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.values import clock
from tests.customer_page.door import everything, link_of, opened
from tests.factories import Cast, make_badge, make_booking, make_customer, make_receipt

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
TOMORROW = clock.utcnow().date() + dt.timedelta(days=3)


@pytest.fixture
def siti(cast: Cast) -> int:
    with cast.owner.acting():
        return make_customer(name="Siti Rahma", phone="0812 3456 7890", email="siti@shop.test", city="Bandung")


@pytest.fixture
def page(app: Flask, cast: Cast, siti: int) -> FlaskClient:
    """A browser that a link to the page of Siti let in."""
    return opened(app, link_of(cast.owner, siti))


def bodies(cast: Cast) -> list[str]:
    with cast.owner.acting():
        return list(db.session.scalars(sa.select(Message.body).order_by(Message.id)))


def ask(page: FlaskClient, cast: Cast) -> str:
    """Ask for a code and read it from the message."""
    answer = page.post("/c/code")
    assert answer.status_code == 303, answer.text
    found = re.match(r"\d{6}", bodies(cast)[-1])
    assert found
    return found[0]


def told(cast: Cast, customer_id: int) -> str:
    return cast.staff.client().get(f"/customers/{customer_id}/timeline").text


def state(cast: Cast, customer_id: int) -> Customer:
    with cast.owner.acting():
        found = db.session.get_one(Customer, customer_id)
        db.session.expunge(found)
        return found


def test_the_page_shows_what_is_theirs_and_nobody_elses(app: Flask, cast: Cast, siti: int, page: FlaskClient) -> None:
    with cast.owner.acting():
        other = make_customer(name="Other")
        receipt, others = make_receipt(customer_id=siti), make_receipt(customer_id=other)
        make_booking(service="Trip to Bali", date=TOMORROW, persons=[{"name": "Siti Rahma", "customer_id": siti}])
        make_booking(service="Of others", date=TOMORROW, persons=[{"name": "Other", "customer_id": other}])
    shown = page.get("/c/page").text
    for word in ("Siti", "Trip to Bali", "Bronze", f"/c/receipts/{receipt}", "150"):
        assert word in shown
    for word in ("Of others", "Cake", f"/c/receipts/{others}", "Other"):
        assert word not in shown
    assert page.get(f"/c/receipts/{receipt}").status_code == 200
    assert page.get(f"/c/receipts/{receipt}").headers["Content-Disposition"].startswith("attachment")
    wrong = app.test_client().get("/c/1-x").text
    assert page.get(f"/c/receipts/{others}").text == wrong
    card = opened(app, link_of(cast.owner, siti, Scope.CARD))
    assert card.get(f"/c/receipts/{receipt}").text == wrong


PATHS = (
    "/c/code",
    "/c/consent",
    "/c/profile",
    "/c/download",
    "/c/erase",
    "/c/bookings/1/confirm",
    "/c/bookings/1/cancel",
)


@SQLITE
def test_nothing_is_done_without_the_right_session_or_the_forms_token(
    app: Flask, cast: Cast, siti: int, page: FlaskClient
) -> None:
    card, before = opened(app, link_of(cast.owner, siti, Scope.CARD)), None
    wrong = app.test_client().get("/c/1-x").text
    before = everything(cast.owner)
    for path in PATHS:
        for client in (app.test_client(), card):
            answer = client.post(path, data={"sms_allowed": "", "code": "123456"})
            assert (answer.status_code, answer.text) == (404, wrong), path
    app.config["WTF_CSRF_ENABLED"] = True
    for path in PATHS:
        answer = page.post(path)
        assert (answer.status_code, "too old" in answer.text) == (400, True), path
    assert everything(cast.owner) == before


# Codes


def test_a_code_is_good_for_five_tries_ten_minutes_and_one_use(cast: Cast, siti: int, page: FlaskClient) -> None:
    code = ask(page, cast)
    assert f"{code} is your code at Shop" in bodies(cast)[-1]
    with cast.owner.acting():
        assert code not in repr(db.session.scalars(sa.select(CustomerCode)).one().__dict__)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for _ in range(4):
        refused = page.post("/c/erase", data={"code": wrong})
        assert refused.status_code == 422
        assert "<details open><summary>Ask for it" in refused.text
    assert page.post("/c/erase", data={"code": f" {code[:3]} {code[3:]} "}).status_code == 303
    again = page.post("/c/erase", data={"code": code})
    assert (again.status_code, "Ask for a code first" in again.text) == (422, True)

    code = ask(page, cast)
    for _ in range(5):
        assert page.post("/c/erase", data={"code": "nothing"}).status_code == 422
    assert page.post("/c/erase", data={"code": code}).status_code == 422, "it was tried too often"

    code = ask(page, cast)
    with cast.owner.acting(), transaction() as session:
        for row in session.scalars(sa.select(CustomerCode)):
            row.expires_at = database_now() - dt.timedelta(seconds=1)
    assert page.post("/c/erase", data={"code": code}).status_code == 422

    answer = page.post("/c/code")
    assert (answer.status_code, "3 codes" in answer.text) == (429, True)
    assert len(bodies(cast)) == 3


@SQLITE
def test_a_new_code_ends_the_one_before_and_a_code_is_of_one_browser(
    app: Flask, cast: Cast, siti: int, page: FlaskClient
) -> None:
    first, other = ask(page, cast), opened(app, link_of(cast.owner, siti))
    assert other.post("/c/erase", data={"code": first}).status_code == 422
    second = ask(page, cast)
    if first != second:
        assert page.post("/c/erase", data={"code": first}).status_code == 422
    assert page.post("/c/erase", data={"code": second}).status_code == 303


@SQLITE
def test_who_can_get_no_code_is_told_to_ask_the_shop(app: Flask, cast: Cast) -> None:
    with cast.owner.acting():
        bare = make_customer(name="Bare", phone="")
    page = opened(app, link_of(cast.owner, bare))
    answer = page.post("/c/code")
    assert (answer.status_code, "Ask the shop" in answer.text) == (422, True)
    assert bodies(cast) == []


# Consent


def test_to_switch_off_needs_no_code_and_the_next_message_is_not_sent(cast: Cast, siti: int, page: FlaskClient) -> None:
    staff = cast.staff.client()
    form = {"channel": "sms", "body": "Your cake is ready", "in_days": "0"}
    assert staff.post(f"/customers/{siti}/messages/new", data=form).status_code == 303
    assert page.post("/c/consent", data={"whatsapp_allowed": "y"}).status_code == 303
    found = state(cast, siti)
    assert (found.sms_allowed, found.whatsapp_allowed) == (False, True)
    with cast.owner.app.app_context():
        jobs.deliver_due()
    with cast.owner.acting():
        assert db.session.scalars(sa.select(Message.status)).one() == Status.SUPPRESSED
    assert "by the customer" in told(cast, siti)

    refused = page.post("/c/consent", data={"sms_allowed": "y", "whatsapp_allowed": "y"})
    assert (refused.status_code, state(cast, siti).sms_allowed) == (422, False)
    code = ask(page, cast)
    answer = page.post("/c/consent", data={"sms_allowed": "y", "whatsapp_allowed": "y", "code": code})
    assert (answer.status_code, state(cast, siti).sms_allowed) == (303, True)


@SQLITE
def test_what_is_switched_off_is_off_although_something_else_needs_a_code(
    cast: Cast, siti: int, page: FlaskClient
) -> None:
    for off in ("off", "no", "0", "false", ""):
        page.post("/c/consent", data={"sms_allowed": off, "whatsapp_allowed": "on"})
        assert not state(cast, siti).sms_allowed
    answer = page.post("/c/consent", data={"sms_allowed": "on"})
    found = state(cast, siti)
    assert (answer.status_code, found.sms_allowed, found.whatsapp_allowed) == (422, False, False)


def test_offers_are_agreed_to_by_a_code_and_withdrawn_without(cast: Cast, siti: int, page: FlaskClient) -> None:
    allowed = {"sms_allowed": "y", "whatsapp_allowed": "y", "email_allowed": "y"}
    assert "The shop may send me offers by SMS" in page.get("/c/page").text
    assert page.post("/c/consent", data=allowed).status_code == 303
    assert state(cast, siti).marketing_sms is Consent.NOT_ASKED, "what was never on is not withdrawn"
    assert page.post("/c/consent", data=allowed | {"marketing_sms": "y"}).status_code == 422
    assert state(cast, siti).marketing_sms is Consent.NOT_ASKED
    code = ask(page, cast)
    assert page.post("/c/consent", data=allowed | {"marketing_sms": "y", "code": code}).status_code == 303
    assert state(cast, siti).marketing_sms is Consent.GIVEN
    assert page.post("/c/consent", data=allowed).status_code == 303
    assert state(cast, siti).marketing_sms is Consent.WITHDRAWN
    with cast.owner.acting():
        proofs = db.session.scalars(sa.select(ConsentChange).order_by(ConsentChange.id)).all()
        said = "The shop may send me offers by SMS"
        assert [(row.state, row.source.value, row.text, row.created_by_id) for row in proofs] == [
            ("given", "page", said, None),
            ("withdrawn", "page", said, None),
        ]


# Profile


def test_a_profile_is_changed_by_a_code(cast: Cast, siti: int, page: FlaskClient) -> None:
    fields = {"phone": "0812 7777 8888", "city": "Bogor", "address": "Jalan 1\nBogor"}
    refused = page.post("/c/profile", data=fields)
    assert (refused.status_code, state(cast, siti).city) == (422, "Bandung")
    assert 'value="0812 7777 8888"' in refused.text, "what was typed is kept"
    code = ask(page, cast)
    assert page.post("/c/profile", data={**fields, "code": code}).status_code == 303
    found = state(cast, siti)
    assert (found.phone, found.city, found.name, found.email) == (
        "+6281277778888",
        "Bogor",
        "Siti Rahma",
        "siti@shop.test",
    ), "what isn't sent stays"
    assert "by the customer" in told(cast, siti)


@SQLITE
def test_what_is_wrong_in_a_profile_is_said_and_costs_no_code(cast: Cast, siti: int, page: FlaskClient) -> None:
    code = ask(page, cast)
    for wrong in ({"phone": "123"}, {"phone": ""}, {"email": "no e-mail"}, {"name": ""}, {"city": "x" * 200}):
        assert page.post("/c/profile", data={**wrong, "code": code}).status_code == 422, wrong
    assert page.post("/c/profile", data={"city": "Bogor", "code": code}).status_code == 303


def test_what_another_customer_has_stays_theirs_and_is_entered_for_review(
    cast: Cast, siti: int, page: FlaskClient
) -> None:
    with cast.owner.acting():
        other = make_customer(name="Budi Santoso", phone="0812 5555 6666", email="budi@shop.test")
    code = ask(page, cast)
    data = {"phone": "0812 5555 6666", "email": "budi@shop.test", "city": "Bogor", "code": code}
    answer = page.post("/c/profile", data=data, follow_redirects=True)
    assert "The shop looks at your new contact first" in answer.text
    assert "Budi" not in answer.text
    found = state(cast, siti)
    assert (found.phone, found.email, found.city) == ("+6281234567890", "siti@shop.test", "Bogor")
    with cast.owner.acting():
        entry = db.session.scalars(sa.select(Duplicate)).one()
        assert {entry.first_id, entry.second_id} == {siti, other}


def test_a_birthday_that_a_customer_sets_counts_a_week_later(cast: Cast, siti: int, page: FlaskClient) -> None:
    assert page.post("/c/profile", data={"birthday": "30 February", "code": ask(page, cast)}).status_code == 422
    code = ask(page, cast)
    assert page.post("/c/profile", data={"birthday": "14/02/1990", "code": code}).status_code == 303
    found, today = state(cast, siti), clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta")).date()
    assert (found.birthday, found.birth_year) == ("02-14", 1990)
    assert found.birthday_counts_from in {today + dt.timedelta(days=days) for days in (6, 7)}
    counts_from = found.birthday_counts_from
    with cast.owner.acting(), transaction() as session:
        session.get_one(Customer, siti).birthday_counts_from = None
    assert 'value="14 ' in page.get("/c/page").text
    assert page.post("/c/profile", data={"city": "Bogor", "code": ask(page, cast)}).status_code == 303
    assert state(cast, siti).birthday_counts_from is None, "it is as it was"
    assert counts_from is not None


# The copy, and the wish to be erased


def test_a_copy_is_got_by_a_link_that_is_sent_to_the_known_number(app: Flask, cast: Cast, siti: int) -> None:
    with cast.owner.acting():
        make_receipt(customer_id=siti)
    page = opened(app, link_of(cast.owner, siti))
    assert page.post("/c/download", data={"code": "000000"}).status_code == 422
    code = ask(page, cast)
    assert page.post("/c/download", data={"code": code}).status_code == 303
    found = re.search(r"(/c/\S+)$", bodies(cast)[-1])
    assert found
    anybody = app.test_client()
    before = everything(cast.owner)
    asked = anybody.get(found[1])
    assert (asked.status_code, "Download my data" in asked.text) == (200, True)
    assert everything(cast.owner) == before
    answer = anybody.post(found[1])
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert b"Siti Rahma" in archive.read("data.json")
        assert b"token_hash" not in archive.read("data.json")
        assert any(name.startswith("files/") for name in archive.namelist())
    assert anybody.get("/c/page").status_code == 404, "it opens nothing else"


def test_a_wish_to_be_erased_is_a_reminder_for_staff(cast: Cast, siti: int, page: FlaskClient) -> None:
    for _ in range(2):
        assert page.post("/c/erase", data={"code": ask(page, cast)}).status_code == 303
    assert "The shop erases your data by" in page.get("/c/page").text
    with cast.owner.acting():
        wish = db.session.scalars(sa.select(ErasureRequest)).one()
        assert dt.timedelta(days=29) < wish.due_at - database_now() <= dt.timedelta(days=30)
    reminders = cast.owner.client().get("/reminders?when=later").text
    assert "Asked to be erased" in reminders
    assert f"/customers/{siti}/erase" in reminders
    staff = cast.staff.client()
    assert staff.post("/reminders/bulk", data={"action": "done", "ids": f"erasure-{wish.id}"}).status_code == 303
    assert "Asked to be erased" not in staff.get("/reminders?when=later").text
    assert "Asked to be erased" in told(cast, siti)

    assert page.post("/c/erase", data={"code": ask(page, cast)}).status_code == 303
    answer = cast.owner.client().post(f"/customers/{siti}/erase", data={"name": "Siti Rahma", "reason": "asked"})
    assert answer.status_code == 303
    assert "Asked to be erased" not in staff.get("/reminders?when=later").text
    assert page.get("/c/page").status_code == 404


# Bookings


def test_who_booked_confirms_and_cancels_and_a_guest_does_not(cast: Cast, siti: int, page: FlaskClient) -> None:
    with cast.owner.acting():
        own = make_booking(date=TOMORROW, persons=[{"name": "Siti Rahma", "customer_id": siti, "is_lead": True}])
        guest = make_booking(
            date=TOMORROW, persons=[{"name": "Budi", "is_lead": True}, {"name": "Siti Rahma", "customer_id": siti}]
        )
        past = make_booking(
            date=dt.date(2020, 1, 1), persons=[{"name": "Siti Rahma", "customer_id": siti, "is_lead": True}]
        )
    shown = page.get("/c/page").text
    assert f"/c/bookings/{own}/confirm" in shown
    assert f"/c/bookings/{guest}/" not in shown
    assert f"/c/bookings/{past}/" not in shown
    for _ in range(2):
        assert page.post(f"/c/bookings/{own}/confirm").status_code == 303
    assert page.post(f"/c/bookings/{guest}/cancel").status_code == 404
    assert page.post(f"/c/bookings/{past}/cancel").status_code == 409
    for _ in range(2):
        assert page.post(f"/c/bookings/{own}/cancel").status_code == 303
    assert page.post(f"/c/bookings/{own}/confirm").status_code == 409
    with cast.owner.acting():
        states = {row.id: row.status for row in db.session.scalars(sa.select(Booking))}
        assert states[own] == "canceled"
        assert "canceled" not in (states[guest], states[past])
        acts = db.session.scalars(sa.select(Event.action).where(Event.subject_id == own, Event.subject == "bookings"))
        assert list(acts).count("booking.canceled") == 1
    assert told(cast, siti).count("by the customer") == 2


def test_their_badges_are_on_the_page_and_not_on_the_card(app: Flask, cast: Cast, siti: int, page: FlaskClient) -> None:
    card = opened(app, link_of(cast.owner, siti, Scope.CARD))
    with cast.owner.acting():
        make_badge(name="Regular", picture=Picture.SUN, times=None)
        make_badge(name="Not yet", target=99)
    assert "Badges" not in page.get("/c/page").text
    with cast.owner.acting():
        for day in (3, 4):
            add_invoice(siti, 150_00, dt.date(2026, 11, day), "")
    shown = page.get("/c/page").text
    assert re.search(r"#sun.*Regular.*\u00d72", shown, re.DOTALL)
    assert "Not yet" not in shown
    assert "Regular" not in card.get("/c/card").text
