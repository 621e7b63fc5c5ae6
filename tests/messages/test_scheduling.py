"""Scheduling, changing and canceling messages through the pages."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from crm.customers.bulk_models import Action
from crm.customers.filters import Selection
from crm.customers.services import archive_customer, change_many, edit_customer
from crm.kernel.roles import Role
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.queries import messages_of
from crm.messages.rules import Status
from crm.values import clock
from tests.messages.shop import E164, Shop

JAKARTA = ZoneInfo("Asia/Jakarta")


def local(moment: dt.datetime) -> str:
    return moment.astimezone(JAKARTA).strftime("%Y-%m-%dT%H:%M")


def soon(**delta: float) -> dt.datetime:
    return clock.utcnow() + dt.timedelta(**delta)


def post(browser: FlaskClient, customer_id: int, **fields: Any) -> Any:
    fields = {"channel": "sms", "body": "Your cake is ready."} | fields
    return browser.post(f"/customers/{customer_id}/messages/new", data=fields)


def only_message(shop: Shop, customer_id: int) -> Any:
    with shop.inside():
        (message,) = messages_of(customer_id)
        return shop.message(message.id)


def test_a_message_in_some_days_goes_at_the_present_time_of_day(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()

    answer = post(owner, sari, in_days="3")

    assert answer.status_code == 303
    message = only_message(shop, sari)
    assert abs(message.send_at - soon(days=3)) < dt.timedelta(seconds=5)
    assert (message.status, message.channel, message.body) == (Status.SCHEDULED, SMS, "Your cake is ready.")
    assert shop.due_at(message.id) == message.send_at == shop.next_at(sari)
    assert shop.events(sari) == [("message.scheduled", shop.owner_id)]


def test_a_message_at_a_time_is_in_the_organizations_zone(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    at = soon(days=2).replace(second=0, microsecond=0)

    answer = post(owner, sari, channel="whatsapp", send_at=local(at))

    assert answer.status_code == 303
    assert only_message(shop, sari).send_at == at


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"body": ""}, "Write the message."),
        ({"body": " \n "}, "Write the message."),
        ({"body": "x" * 1601}, "Shorten the message by 1 character: SMS has room for 1,600."),
        ({"body": "x" * 4097, "channel": "whatsapp"}, "WhatsApp has room for 4,096."),
        ({"channel": "fax"}, "Choose SMS, WhatsApp or E-mail."),
        ({"channel": ""}, "Choose SMS, WhatsApp or E-mail."),
        ({"in_days": ""}, "Say when: enter a number of days, or a date and time."),
        ({"in_days": "-1"}, "Enter a number of days from 0 to 731."),
        ({"in_days": "1.5"}, "Enter a number of days from 0 to 731."),
        ({"in_days": "732"}, "Enter a number of days from 0 to 731."),
        ({"in_days": "9" * 400}, "Enter a number of days from 0 to 731."),
        ({"in_days": "", "send_at": "tomorrow"}, "Enter a date and time like 2026-11-24T09:00."),
        ({"in_days": "", "send_at": "2027-02-30T09:00"}, "There is no such date or time."),
        ({"in_days": "", "send_at": "9999-12-31T23:59"}, "Enter a year from 1900 to 2200."),
        ({"in_days": "", "send_at": local(soon(minutes=-7))}, "This time has passed. Choose a later one."),
        ({"in_days": "", "send_at": local(soon(days=733))}, "Choose a time within the next two years."),
    ],
)
def test_it_refuses_in_words_and_keeps_what_was_typed(
    shop: Shop, owner: FlaskClient, fields: dict[str, str], sentence: str
) -> None:
    sari = shop.customer()

    answer = post(owner, sari, **({"in_days": "1"} | fields))

    assert answer.status_code == 422
    assert sentence in answer.text.replace("&#39;", "'")
    assert "There is a problem" in answer.text
    for name, value in fields.items():
        if name != "channel" and value.strip() and len(value) < 50:
            assert value in answer.text
    assert shop.next_at(sari) is None
    assert shop.events(sari) == []


def test_four_minutes_past_is_fine_and_goes_at_once(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()

    assert post(owner, sari, send_at=local(soon(minutes=-4))).status_code == 303

    message = only_message(shop, sari)
    shop.work()
    assert shop.status(message.id) is Status.SENT


def test_a_time_that_was_typed_wins_over_days(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    at = soon(days=2).replace(second=0, microsecond=0)

    post(owner, sari, in_days="1", send_at=local(at))

    assert only_message(shop, sari).send_at == at


@pytest.mark.parametrize(
    ("values", "channel", "sentence"),
    [
        ({"phone": ""}, "sms", "Sari has no phone number that can get messages. Add one first."),
        ({"phone": "12"}, "sms", "Sari's number, 12, can't get messages. Correct it first."),
        ({"sms_allowed": False}, "sms", "SMS is not allowed for Sari. Choose WhatsApp."),
        ({"whatsapp_allowed": False, "sms_allowed": False}, "whatsapp", "WhatsApp is not allowed for Sari."),
    ],
)
def test_a_customer_who_cannot_be_messaged_is_refused(
    shop: Shop, owner: FlaskClient, values: dict[str, Any], channel: str, sentence: str
) -> None:
    sari = shop.customer(**values)

    answer = post(owner, sari, channel=channel, in_days="1")

    assert answer.status_code == 422
    assert sentence in answer.text.replace("&#39;", "'")
    assert shop.next_at(sari) is None


def test_an_archived_customer_is_refused(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    with shop.inside():
        archive_customer(sari)

    answer = post(owner, sari, in_days="1")

    assert answer.status_code == 422
    assert "Sari is archived." in answer.text


def test_a_deactivated_customer_gets_messages_and_the_form_says_so(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    with shop.inside():
        change_many(Selection.of([sari]), Action.DEACTIVATE)

    assert "Sari is inactive, but still gets this message." in owner.get(f"/customers/{sari}/messages/new").text
    assert post(owner, sari, in_days="0").status_code == 303
    shop.work()
    assert shop.status(only_message(shop, sari).id) is Status.SENT


def test_the_same_post_twice_makes_one_message(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    at = local(soon(days=1))

    answers = [post(owner, sari, send_at=at, idempotency_key="k1").status_code for _ in range(2)]

    assert answers == [303, 303]
    assert only_message(shop, sari)


def test_the_same_key_with_another_text_is_refused_with_a_new_key(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    at = local(soon(days=1))
    post(owner, sari, send_at=at, idempotency_key="k1")

    answer = post(owner, sari, send_at=at, idempotency_key="k1", body="Another text")

    assert answer.status_code == 422
    assert "Another text" in answer.text
    assert 'value="k1"' not in answer.text
    assert only_message(shop, sari).body == "Your cake is ready."


def test_a_time_that_the_clocks_skip_is_refused(shop: Shop, owner: FlaskClient) -> None:
    shop.set(time_zone="Europe/Berlin")
    sari = shop.customer()

    answer = post(owner, sari, send_at="2027-03-28T02:30")

    assert answer.status_code == 422
    assert "does not exist in Europe/Berlin" in answer.text


def test_of_a_time_that_comes_twice_the_first_is_taken_and_the_page_says_so(shop: Shop, owner: FlaskClient) -> None:
    shop.set(time_zone="Europe/Berlin")
    sari = shop.customer()
    fields = {"channel": "sms", "body": "Hi", "send_at": "2027-10-31T02:30"}

    said = owner.post(f"/customers/{sari}/messages/preview", data=fields).text
    post(owner, sari, **fields)

    assert "comes twice in Europe/Berlin" in said
    assert only_message(shop, sari).send_at == dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)


def test_the_window_says_what_will_happen(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    fields = {"channel": "whatsapp", "body": "Hi", "send_at": "2027-11-22T09:00"}

    said = owner.post(f"/customers/{sari}/messages/preview", data=fields).text

    assert "On Monday 22 November 2027 at 09:00 (Asia/Jakarta), by WhatsApp, to +62 812-3456-7890." in said


def test_the_window_counts_the_parts_of_an_sms(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()

    said = owner.post(f"/customers/{sari}/messages/preview", data={"channel": "sms", "body": "x" * 200}).text
    refused = post(owner, sari, body="é" * 10 + "ş" * 90).text

    assert "2 SMS, 200 characters" in said
    assert "2 SMS, 100 characters" in refused
    assert "“ş” makes this 2 parts instead of 1." in refused


def test_editing_changes_text_channel_and_time(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    id_ = shop.schedule(sari, in_=3600)
    at = soon(days=5).replace(second=0, microsecond=0)

    answer = owner.post(
        f"/messages/{id_}/edit", data={"channel": "whatsapp", "body": "Later", "send_at": local(at), "in_days": ""}
    )

    assert answer.status_code == 303
    message = shop.message(id_)
    assert (message.channel, message.body, message.send_at) == ("whatsapp", "Later", at)
    assert shop.due_at(id_) == shop.next_at(sari) == at
    assert shop.events(sari)[-1] == ("message.edited", shop.owner_id)


def test_editing_the_text_alone_keeps_the_time_to_the_second(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer(), in_=90)
    before = shop.message(id_).send_at
    form = owner.get(f"/messages/{id_}/edit").text
    assert f'value="{local(before)}"' in form

    owner.post(f"/messages/{id_}/edit", data={"channel": "sms", "body": "Other", "send_at": local(before)})

    assert (shop.message(id_).body, shop.message(id_).send_at) == ("Other", before)


def test_editing_by_days_moves_it_though_the_form_carries_its_time(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600)
    at = local(shop.message(id_).send_at)

    owner.post(f"/messages/{id_}/edit", data={"channel": "sms", "body": "x", "send_at": at, "in_days": "9"})

    assert abs(shop.message(id_).send_at - soon(days=9)) < dt.timedelta(seconds=5)


def test_a_reminder_is_rescheduled_by_editing(shop: Shop, owner: FlaskClient) -> None:
    id_ = shop.schedule(shop.customer(), channel=WHATSAPP)
    shop.work()
    assert shop.status(id_) is Status.REMINDER

    owner.post(f"/messages/{id_}/edit", data={"channel": "whatsapp", "body": "x", "in_days": "1"})

    assert shop.status(id_) is Status.SCHEDULED
    assert shop.due_at(id_) == shop.message(id_).send_at


def test_canceling_ends_it(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    id_ = shop.schedule(sari, in_=3600)

    assert owner.post(f"/messages/{id_}/cancel").status_code == 303
    assert owner.post(f"/messages/{id_}/cancel").status_code == 303

    assert shop.status(id_) is Status.CANCELED
    assert (shop.due_at(id_), shop.next_at(sari)) == (None, None)
    assert [action for action, _ in shop.events(sari)] == ["message.scheduled", "message.canceled"]


@pytest.mark.parametrize("status", [Status.CLAIMED, Status.SUBMITTING])
def test_what_is_being_sent_can_not_be_touched(shop: Shop, owner: FlaskClient, status: Status) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600)
    shop.look_now(id_, status=status.value)
    at = local(soon(days=1))

    answers = [
        owner.get(f"/messages/{id_}/edit"),
        owner.post(f"/messages/{id_}/edit", data={"channel": "sms", "body": "x", "send_at": at}),
        owner.post(f"/messages/{id_}/cancel"),
        owner.post(f"/messages/{id_}/done"),
    ]

    assert [answer.status_code for answer in answers] == [409] * 4
    assert all("This message is being sent right now." in answer.text for answer in answers)
    assert shop.status(id_) is status


@pytest.mark.parametrize("status", [Status.SENT, Status.FAILED, Status.UNKNOWN, Status.DONE])
def test_what_has_gone_can_not_be_edited_or_canceled(shop: Shop, owner: FlaskClient, status: Status) -> None:
    id_ = shop.schedule(shop.customer(), in_=3600)
    shop.look_now(id_, status=status.value)

    answers = [owner.get(f"/messages/{id_}/edit"), owner.post(f"/messages/{id_}/cancel")]

    assert [answer.status_code for answer in answers] == [409, 409]
    assert shop.status(id_) is status


def test_next_message_is_the_earliest_open_one(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    later, sooner = shop.schedule(sari, in_=7200), shop.schedule(sari, in_=3600)
    assert shop.next_at(sari) == shop.message(sooner).send_at

    owner.post(f"/messages/{sooner}/cancel")

    assert shop.next_at(sari) == shop.message(later).send_at


def test_a_stranger_finds_nothing(shop: Shop, stranger: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(), in_=3600)
    browser = stranger.browser()

    answers = [
        browser.get(f"/customers/{sari}/messages/new"),
        post(browser, sari, in_days="1"),
        browser.post(f"/customers/{sari}/messages/preview"),
        browser.get(f"/messages/{id_}/edit"),
        *(browser.post(f"/messages/{id_}/{verb}") for verb in ("edit", "cancel", "done", "done/delete")),
    ]

    assert [answer.status_code for answer in answers] == [404] * 8
    assert shop.status(id_) is Status.SCHEDULED


def test_a_viewer_reads_and_changes_nothing(shop: Shop) -> None:
    id_ = shop.schedule(sari := shop.customer(), in_=3600)
    viewer = shop.browser(Role.VIEWER)

    assert viewer.get("/messages").status_code == 200
    assert viewer.get(f"/customers/{sari}/messages/new").status_code == 403
    assert viewer.post(f"/messages/{id_}/cancel").status_code == 403


def test_the_window_is_a_fragment_for_htmx_and_closes_when_saved(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    htmx = {"HX-Request": "true"}

    form = owner.get(f"/customers/{sari}/messages/new", headers=htmx)
    saved = owner.post(
        f"/customers/{sari}/messages/new", data={"channel": "sms", "body": "Hi", "in_days": "1"}, headers=htmx
    )

    assert "<html" not in form.text
    assert "Schedule message to Sari" in form.text
    assert saved.status_code == 200
    assert "closeWindow" in saved.headers["HX-Trigger"]
    assert "Message scheduled." in saved.text
    assert 'data-status="scheduled"' in saved.text


def test_the_list_of_messages_filters_by_state_and_channel(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    sms, whatsapp = shop.schedule(sari, in_=60), shop.schedule(sari, in_=60, channel=WHATSAPP)

    def shown(query: str) -> list[bool]:
        text = owner.get(f"/messages?{query}").text
        return [f'id="message-{id_}"' in text for id_ in (sms, whatsapp)]

    assert shown("") == shown("status=scheduled") == shown("page=-3") == [True, True]
    assert shown("channel=sms") == [True, False]
    assert shown("status=sent") == shown("status=nonsense") == shown("page=99999999999999999999") == [False, False]


def test_a_customer_whose_number_went_keeps_the_edit_honest(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    id_ = shop.schedule(sari, in_=3600)
    with shop.inside():
        edit_customer(sari, {"phone": ""})

    answer = owner.post(f"/messages/{id_}/edit", data={"channel": "sms", "body": "Other", "in_days": "1"})

    assert answer.status_code == 422
    assert shop.message(id_).body == "Your cake is ready."


def test_the_recipient_is_the_number_in_e164(shop: Shop) -> None:
    id_ = shop.schedule(shop.customer())
    shop.work()
    assert [attempt.recipient for attempt in shop.attempts(id_)] == [E164]


def test_the_customers_page_shows_its_messages(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    id_ = shop.schedule(sari, in_=60, body="Cake <b>ready</b>")

    page = owner.get(f"/customers/{sari}").text

    assert f'id="message-{id_}" data-status="scheduled"' in page
    assert "Cake &lt;b&gt;ready&lt;/b&gt;" in page
    assert "Scheduled" in page
