"""Due reminders on the home page, Mark as done and its Undo."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from flask.testing import FlaskClient

from crm.compose.reminders import REMINDERS
from crm.customers.services import archive_customer
from crm.kernel.reminders import LAST_ID, Key, Span
from crm.messages import queries
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.rules import NEEDS_A_PERSON, OPEN, Status
from crm.values import clock
from tests.messages.shop import Shop

LATE = 16 * 60
ACKNOWLEDGED = (
    Status.FAILED,
    Status.UNDELIVERED,
    Status.EXPIRED,
    Status.UNKNOWN,
    Status.UNCONFIRMED,
    Status.NO_REPORT,
    Status.SUPPRESSED,
)


def reminder(shop: Shop, name: str = "Sari", body: str = "Your cake is ready & waiting.") -> int:
    id_ = shop.schedule(shop.customer(name), channel=WHATSAPP, body=body, late=60)
    shop.work()
    assert shop.status(id_) is Status.REMINDER
    return id_


def listed(shop: Shop) -> list[int]:
    with shop.inside():
        return [row.id for row in REMINDERS.due(Span(before=Key(clock.utcnow(), LAST_ID), most=20))]


def done(browser: FlaskClient, id_: int) -> int:
    return browser.post(f"/messages/{id_}/done").status_code


def undo(browser: FlaskClient, id_: int) -> int:
    return browser.post(f"/messages/{id_}/done/delete").status_code


def test_home_shows_a_reminder_with_its_link(shop: Shop, owner: FlaskClient) -> None:
    id_ = reminder(shop)

    page = owner.get("/").text

    assert f'id="message-{id_}" data-status="reminder"' in page
    assert "https://wa.me/6281234567890?text=Your%20cake%20is%20ready%20%26%20waiting." in page
    assert re.search(r"Open ?(</span>)? ?WhatsApp", page)
    assert f'action="/messages/{id_}/done"' in page


def test_an_sms_by_hand_opens_the_phones_messages(shop: Shop, owner: FlaskClient) -> None:
    shop.set(sms_gateway="manual")
    shop.schedule(shop.customer(), body="Hi")
    shop.work()

    assert "sms:+6281234567890?body=Hi" in owner.get("/").text


def test_mark_as_done_ends_it_and_says_who_and_when(shop: Shop, owner: FlaskClient) -> None:
    id_ = reminder(shop)

    assert done(owner, id_) == 303

    message = shop.message(id_)
    assert (message.status, message.acknowledged_by_id) == (Status.DONE, shop.owner_id)
    assert message.acknowledged_at is not None
    assert abs((clock.utcnow() - message.acknowledged_at).total_seconds()) < 10
    assert shop.next_at(message.customer_id) is None
    assert listed(shop) == []
    assert shop.events(message.customer_id)[-1] == ("message.done", shop.owner_id)
    assert "Marked as done by boss-of-shop" in owner.get(f"/customers/{message.customer_id}").text


def test_undo_brings_back_what_was_before(shop: Shop, owner: FlaskClient) -> None:
    id_ = reminder(shop)
    done(owner, id_)

    assert undo(owner, id_) == 303

    message = shop.message(id_)
    assert (message.status, message.acknowledged_at, message.acknowledged_by_id) == (Status.REMINDER, None, None)
    assert shop.next_at(message.customer_id) == message.send_at
    assert listed(shop) == [id_]
    assert shop.due_at(id_) is None
    assert shop.events(message.customer_id)[-1] == ("message.undone", shop.owner_id)


def test_the_toast_offers_undo(shop: Shop, owner: FlaskClient) -> None:
    id_ = reminder(shop)

    answer = owner.post(f"/messages/{id_}/done", headers={"HX-Request": "true"})

    assert answer.status_code == 200
    assert "Marked as done." in answer.text
    assert f'action="/messages/{id_}/done/delete"' in answer.text
    assert "customersChanged" in answer.headers["HX-Trigger"]


def test_without_javascript_one_is_led_back_to_where_the_button_was(shop: Shop, owner: FlaskClient) -> None:
    id_ = reminder(shop)

    from_home = owner.post(f"/messages/{id_}/done", headers={"Referer": "http://localhost/?q=sa"})
    from_afar = owner.post(f"/messages/{id_}/done", headers={"Referer": "https://evil.example/x"})

    assert (from_home.location, from_afar.location) == ("/?q=sa", "/")


def test_done_twice_and_undone_twice_is_done_and_undone_once(shop: Shop, owner: FlaskClient) -> None:
    id_ = reminder(shop)
    customer_id = shop.message(id_).customer_id

    assert [done(owner, id_), done(owner, id_), undo(owner, id_), undo(owner, id_)] == [303] * 4

    actions = [action for action, _ in shop.events(customer_id)]
    assert actions == ["message.scheduled", "message.reminder", "message.done", "message.undone"]


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.HELD, Status.RETRY_WAIT, Status.REMINDER])
def test_what_waits_is_not_sent_any_more(shop: Shop, owner: FlaskClient, status: Status) -> None:
    id_ = shop.schedule(shop.customer())
    shop.look_now(id_, status=status.value, reason="why")
    before = shop.due_at(id_)

    done(owner, id_)
    assert shop.due_at(id_) is None
    shop.work()
    assert shop.status(id_) is Status.DONE
    assert shop.attempts(id_) == []

    undo(owner, id_)
    message = shop.message(id_)
    assert (message.status, message.reason, shop.due_at(id_)) == (status, "why", before)


def test_undone_it_is_sent_when_it_is_due(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer())
    done(owner, id_)
    undo(owner, id_)

    shop.work()

    assert shop.status(id_) is Status.SENT


@pytest.mark.parametrize("status", ACKNOWLEDGED)
def test_what_has_ended_keeps_its_status_when_acknowledged(shop: Shop, owner: FlaskClient, status: Status) -> None:
    id_ = shop.schedule(shop.customer(), late=LATE)
    shop.look_now(id_, status=status.value)

    done(owner, id_)

    message = shop.message(id_)
    assert (message.status, message.acknowledged_by_id) == (status, shop.owner_id)
    assert listed(shop) == []

    undo(owner, id_)
    assert not shop.message(id_).is_acknowledged
    assert shop.status(id_) is status


def test_undo_keeps_what_happened_since(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer(), late=LATE)
    shop.look_now(id_, status=Status.UNKNOWN.value, status_at=clock.utcnow() - dt.timedelta(hours=1))
    done(owner, id_)
    shop.work()
    assert shop.status(id_) is Status.UNCONFIRMED

    undo(owner, id_)

    assert shop.status(id_) is Status.UNCONFIRMED
    assert listed(shop) == [id_]


@pytest.mark.parametrize("status", list(Status))
def test_a_reminder_is_what_is_due_and_not_handed_over(shop: Shop, status: Status) -> None:
    id_ = shop.schedule(sari := shop.customer(), late=LATE)
    shop.look_now(id_, status=status.value)

    assert (listed(shop) == [id_]) == (status in NEEDS_A_PERSON | OPEN)
    with shop.inside():
        assert (sari in queries.next_messages([sari])) == (status in OPEN)


def test_what_waits_for_less_than_a_quarter_of_an_hour_is_no_reminder(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer(), late=14 * 60)
    assert listed(shop) == []
    shop.shift(id_, LATE)
    assert listed(shop) == [id_]


def test_what_a_refused_sender_holds_is_a_reminder_at_once(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer(), body="[refused_sender]")
    shop.work()

    assert listed(shop) == [id_]
    assert "The gateway refused the account." in owner.get("/").text


def test_a_reminder_says_why_a_person_is_needed(shop: Shop, owner: FlaskClient) -> None:
    shop.schedule(shop.customer(), body="[permanent]")
    shop.work()
    assert "The number can&#39;t get this message." in owner.get("/").text


def test_reminders_of_archived_customers_and_of_strangers_are_not_shown(shop: Shop, stranger: Shop) -> None:
    archived, other = reminder(shop), reminder(stranger)
    with shop.inside():
        archive_customer(shop.message(archived).customer_id)

    assert listed(shop) == []
    assert listed(stranger) == [other]


def test_reminders_come_by_time_whatever_is_to_be_done(shop: Shop) -> None:
    failed = shop.schedule(shop.customer(), body="[permanent]", late=3600)
    last = reminder(shop, "Budi")
    first = shop.schedule(shop.customer("Ayu"), channel=WHATSAPP, late=7200)
    shop.work()

    assert listed(shop) == [first, failed, last]


def test_the_list_names_the_next_message_of_each_customer(shop: Shop) -> None:
    sari, budi, ayu = shop.customer(), shop.customer("Budi"), shop.customer("Ayu")
    later, sooner = shop.schedule(sari, in_=7200), shop.schedule(sari, in_=3600, channel=WHATSAPP)
    due = shop.schedule(budi, late=60)

    with shop.inside():
        found = queries.next_messages([sari, budi, ayu])

    assert {id_: row.id for id_, row in found.items()} == {sari: sooner, budi: due}
    assert (found[sari].channel.label, found[sari].is_due, found[budi].is_due) == ("WhatsApp", False, True)
    assert later != sooner


def test_the_console_page_shows_what_was_sent(shop: Shop, owner: FlaskClient) -> None:
    assert "Nothing here yet" in owner.get("/messages/console").text
    shop.schedule(shop.customer(), body="Hello <Sari>")
    shop.schedule(shop.customer("Budi"), body="[permanent] Hello Budi")
    shop.work()

    page = owner.get("/messages/console").text

    assert "Hello &lt;Sari&gt;" in page
    assert 'data-outcome="accepted"' in page
    assert 'data-outcome="permanent"' in page
