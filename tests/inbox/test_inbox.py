"""The inbox: everything that comes in reaches a person, who is done with it, answers, or says what it means."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.accounts.models import Membership, Organization
from crm.inbox import inbound
from crm.inbox.inbound import Incoming
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.messages.channels.sms import SMS
from crm.messages.inbound_models import InboundMessage
from crm.messages.rules import Status
from crm.messages.suppression_models import OptOutSource, Suppression
from tests.factories import make_branch
from tests.messages.shop import E164, Shop

HTMX = {"HX-Request": "true"}
STRANGE = "+6281299990000"


@pytest.fixture
def owner(shop: Shop) -> FlaskClient:
    return shop.browser()


def write(shop: Shop, body: str = "Is my table booked?", sender: str = E164, **values: object) -> int:
    """Let a text come in and return its id."""
    with shop.inside():
        number = db.session.scalar(sa.select(sa.func.count()).select_from(InboundMessage))
    text = Incoming("twilio", f"SM{number}", SMS, sender, "+62215001", body, **values)  # type: ignore[arg-type]
    with shop.app.app_context():
        inbound.receive(shop.id, [text])
    with shop.inside():
        return int(db.session.scalar(sa.select(sa.func.max(InboundMessage.id))) or 0)


def unread(client: FlaskClient) -> int:
    """Return the number beside Inbox in the navigation."""
    found = re.search(r'id="bar-inbox-index"[^>]*>(\d+)', client.get("/reports").text)
    assert found
    return int(found[1])


def listed(shop: Shop) -> list[tuple[str, str]]:
    with shop.inside():
        return [(row.address, row.source) for row in db.session.scalars(sa.select(Suppression))]


def line(page: str, text_id: int) -> str:
    """Return what the page shows of a text."""
    found = re.search(rf'<li class="inbox-text[^"]*" id="inboundmessage-{text_id}".*?</li>', page, re.DOTALL)
    assert found, f"text {text_id} is not there"
    return found[0]


def test_it_is_empty_at_first(owner: FlaskClient) -> None:
    page = owner.get("/inbox").text
    assert "No texts yet" in page
    assert unread(owner) == 0
    assert re.search(r'id="bar-inbox-index" hidden', page)


def test_the_unread_come_first_with_who_what_and_when(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    first = write(shop, "Hello")
    second = write(shop, "My cake", STRANGE, what="a picture")
    third = write(shop, "", what="reacted with \N{THUMBS UP SIGN}")
    owner.post(f"/inbox/{third}/done")

    page = owner.get("/inbox").text

    order = [int(id_) for id_ in re.findall(r'id="inboundmessage-(\d+)"', page)]
    assert order == [second, first, third]
    known, strange, done = (line(page, id_) for id_ in (first, second, third))
    assert f'href="/customers/{sari}"' in known
    assert "Hello" in known
    assert "Reply" in known
    assert "Add as customer" not in known
    assert "+62 812-9999-0000" in strange
    assert "My cake" in strange
    assert "A picture" in strange
    assert f"/customers/new?phone=%2B{STRANGE[1:]}" in strange or f"/customers/new?phone={STRANGE}" in strange
    assert "Reacted with \N{THUMBS UP SIGN}" in done
    assert "Done " in done


def test_done_and_its_undo_change_the_number_in_the_navigation(shop: Shop, owner: FlaskClient) -> None:
    id_ = write(shop, "Hello", STRANGE)
    write(shop, "Hello?", STRANGE)
    assert unread(owner) == 2
    assert "Hello" in owner.get("/").text

    answer = owner.post(f"/inbox/{id_}/done", headers=HTMX)
    assert (answer.status_code, unread(owner)) == (200, 1)
    assert "Marked as done." in answer.text
    assert f"/inbox/{id_}/done/delete" in answer.text
    assert re.search(r'id="bar-inbox-index" hx-swap-oob="true">1', answer.text)
    assert owner.post(f"/inbox/{id_}/done").status_code == 303

    assert owner.post(f"/inbox/{id_}/done/delete").status_code == 303
    assert unread(owner) == 2


def test_what_may_mean_stop_asks_and_go_on_lets_go(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    pending = shop.schedule(sari, in_=3600)
    id_ = write(shop, "Please stop")

    assert shop.status(pending) is Status.HELD
    for page in (owner.get("/inbox").text, owner.get(f"/customers/{sari}").text):
        assert "May mean STOP" in page
        assert "Opt out" in page
        assert "Go on" in page
    assert "It waits: Sari wrote “Please stop”." in owner.get(f"/customers/{sari}/messages/new").text
    assert owner.post(f"/inbox/{id_}/done").status_code == 409
    assert unread(owner) == 1

    assert owner.post(f"/inbox/{id_}/go-on").status_code == 303

    assert (shop.status(pending), listed(shop), unread(owner)) == (Status.SCHEDULED, [], 0)
    assert shop.due_at(pending) == shop.message(pending).send_at
    assert "Not taken as STOP" in owner.get("/inbox").text
    owner.post(f"/inbox/{id_}/go-on")
    owner.post(f"/inbox/{id_}/done/delete")
    assert unread(owner) == 1


def test_opt_out_stops_what_waits(shop: Shop, owner: FlaskClient) -> None:
    pending = shop.schedule(shop.customer(), in_=3600)
    first, second = write(shop, "Please stop"), write(shop, "leave me alone")

    answer = owner.post(f"/inbox/{second}/opt-out", headers=HTMX)

    assert "gets no more messages" in answer.text
    assert (shop.status(pending), listed(shop)) == (Status.SUPPRESSED, [(E164, OptOutSource.STOP)])
    assert "May mean STOP" not in owner.get("/inbox").text
    assert owner.post(f"/inbox/{first}/go-on").status_code == 409
    assert owner.post(f"/inbox/{first}/done").status_code == 303

    write(shop, "START")
    assert listed(shop) == []


def test_go_on_leaves_what_waits_for_something_else(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    id_ = write(shop, "stop thanks")
    waits = shop.schedule(sari, in_=3600)
    shop.look_now(waits, status="held", reason="Quiet hours: it goes out tomorrow.")
    owner.post(f"/inbox/{id_}/go-on")
    assert shop.status(waits) is Status.HELD


def test_go_on_answers_only_what_was_there_to_be_read(shop: Shop, owner: FlaskClient) -> None:
    pending = shop.schedule(shop.customer(), in_=3600)
    question, first = write(shop), write(shop, "Please stop")
    assert owner.post(f"/inbox/{first}/go-on").status_code == 303
    assert shop.status(pending) is Status.SCHEDULED

    second, third = write(shop, "please stop these messages"), write(shop, "leave me alone")

    assert owner.post(f"/inbox/{first}/go-on").status_code == 303, "it was answered before"
    assert owner.post(f"/inbox/{question}/go-on").status_code == 409, "it asks nothing"
    assert owner.post(f"/inbox/{second}/go-on").status_code == 303
    assert shop.status(pending) is Status.HELD, "the third was not seen"
    assert owner.post(f"/inbox/{third}/done").status_code == 409
    owner.post(f"/inbox/{third}/go-on")
    assert shop.status(pending) is Status.SCHEDULED


def test_a_stop_word_that_may_be_an_answer_opts_out_and_is_read(shop: Shop, owner: FlaskClient) -> None:
    pending = shop.schedule(shop.customer(), in_=3600)
    id_ = write(shop, "Cancel")
    assert shop.status(pending) is Status.SUPPRESSED
    shown = line(owner.get("/inbox").text, id_)
    assert "Opted out: this number gets no more messages." in shown
    assert "Unread" in shown


def test_any_text_may_be_taken_for_stop(shop: Shop, owner: FlaskClient) -> None:
    id_ = write(shop, "Grr", STRANGE)
    owner.post(f"/inbox/{id_}/opt-out")
    assert listed(shop) == [(STRANGE, OptOutSource.STOP)]


def test_a_text_without_a_number_can_be_read_and_done(shop: Shop, owner: FlaskClient) -> None:
    id_ = write(shop, "STOP", "", sender_id="ID.1234")
    shown = line(owner.get("/inbox").text, id_)
    assert "ID.1234" in shown
    assert "WhatsApp did not give a number" in shown
    assert owner.post(f"/inbox/{id_}/opt-out").status_code == 409
    assert owner.post(f"/inbox/{id_}/done").status_code == 303


def test_the_forms_that_follow_are_filled_in(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    assert f'value="{STRANGE}"' in owner.get(f"/customers/new?phone=%2B{STRANGE[1:]}").text
    assert f'value="{STRANGE}"' in owner.get(f"/leads/new?contact_number=%2B{STRANGE[1:]}").text
    form = owner.get(f"/customers/{sari}/messages/new?reply=sms").text
    assert re.search(r'name="in_days"[^>]*value="0"|value="0"[^>]*name="in_days"', form)
    assert re.search(r'checked[^>]*value="sms"|value="sms"[^>]*checked', form)


def test_who_is_added_has_what_they_wrote(shop: Shop, owner: FlaskClient) -> None:
    id_ = write(shop, "Hello", STRANGE)
    budi = shop.customer("Budi", STRANGE)
    assert f'href="/customers/{budi}"' in line(owner.get("/inbox").text, id_)
    assert "Hello" in owner.get(f"/customers/{budi}").text


def test_viewers_read_and_do_nothing(shop: Shop) -> None:
    id_ = write(shop, "Please stop")
    viewer = shop.browser(Role.VIEWER)
    page = viewer.get("/inbox").text
    assert "Please stop" in page
    assert "<form" not in line(page, id_)
    for way in ("done", "done/delete", "opt-out", "go-on"):
        assert viewer.post(f"/inbox/{id_}/{way}").status_code == 403


def test_a_stranger_finds_nothing(shop: Shop, stranger: Shop) -> None:
    id_ = write(shop)
    browser = stranger.browser()
    assert "table" not in browser.get("/inbox").text
    for way in ("done", "done/delete", "opt-out", "go-on"):
        assert browser.post(f"/inbox/{id_}/{way}").status_code == 404


def test_staff_of_a_branch_see_their_customers_texts_and_those_of_nobody(shop: Shop) -> None:
    staff = shop.browser(Role.STAFF)
    with shop.inside():
        ours, theirs = make_branch(), make_branch()
        with transaction() as session:
            session.get_one(Organization, shop.id).branch_bound = True
            session.execute(
                sa.update(Membership)
                .where(Membership.organization_id == shop.id, Membership.role_name == "staff")
                .values(branch_id=ours)
            )
    shop.customer("Ours", "0812 0000 1111", branch_id=ours)
    shop.customer("Theirs", "0812 0000 2222", branch_id=theirs)
    seen = write(shop, "From ours", "+6281200001111")
    hidden = write(shop, "From theirs", "+6281200002222")
    unknown = write(shop, "From nobody", STRANGE)

    page = staff.get("/inbox").text

    assert {int(id_) for id_ in re.findall(r'id="inboundmessage-(\d+)"', page)} == {seen, unknown}
    assert unread(staff) == 2
    assert staff.post(f"/inbox/{hidden}/done").status_code == 404
    assert "From theirs" not in staff.get("/").text
    assert unread(shop.browser()) == 3


def test_pages_end_and_go_on(shop: Shop, owner: FlaskClient) -> None:
    ids = [write(shop, f"Text {number}", f"+62812999{number:05}") for number in range(53)]
    with shop.inside(), transaction() as session:
        session.execute(sa.update(InboundMessage).where(InboundMessage.id == ids[-1]).values(done_at=sa.func.now()))
    pages = [owner.get(f"/inbox?page={number}").text for number in (1, 2)]
    shown = [[int(id_) for id_ in re.findall(r'id="inboundmessage-(\d+)"', page)] for page in pages]
    assert shown[0] == ids[-2:1:-1]
    assert shown[1] == [ids[1], ids[0], ids[-1]]
    assert "There is no such page" in owner.get("/inbox?page=9").text
    for odd in ("0", "-1", "x", "9" * 30):
        assert owner.get(f"/inbox?page={odd}").status_code == 200


def test_what_was_written_is_shown_as_text(shop: Shop, owner: FlaskClient) -> None:
    write(shop, "<script>alert(1)</script>", STRANGE, what="<b>bold</b>", sender_id="<i>x</i>")
    for path in ("/inbox", "/"):
        page = owner.get(path).text
        assert "<script>alert" not in page
        assert "<b>bold" not in page


def test_the_api_lists_it(shop: Shop) -> None:
    sari = shop.customer()
    first, second = write(shop, "Please stop"), write(shop, "", STRANGE, what="a picture")
    client, headers = shop.app.test_client(), shop.boss.token()

    found = client.get("/api/inbound/", headers=headers).json

    assert found["count"] == 2
    assert [row["id"] for row in found["results"]] == [second, first]
    newest, oldest = found["results"]
    assert (newest["sender"], newest["what"], newest["customers"]) == (STRANGE, "a picture", [])
    assert (oldest["body"], oldest["effect"], oldest["answer"], oldest["customers"]) == (
        "Please stop",
        "ask",
        "",
        [sari],
    )
    assert oldest["done_at"] is None
    shop.browser().post(f"/inbox/{second}/done")
    assert client.get("/api/inbound/?unread=true", headers=headers).json["count"] == 1
    assert client.get("/api/inbound/?unread=false", headers=headers).json["results"][0]["done_at"]
