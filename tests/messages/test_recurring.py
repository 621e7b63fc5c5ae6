"""Messages that come again: one scheduled at a time, each once, until somebody stops it."""

from __future__ import annotations

import datetime as dt
import threading
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.customers.models import Customer
from crm.customers.services import archive_customer, delete_customer, edit_customer, restore_customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.work.due import DueWork
from crm.message_templates.services import add_template, change_template
from crm.messages.models import Message
from crm.messages.queries import messages_of
from crm.messages.rules import Status
from crm.series import jobs
from crm.series.models import Occurrence, Series
from crm.series.queries import series_of
from crm.values import clock
from tests.messages.shop import Shop

JAKARTA = ZoneInfo("Asia/Jakarta")
DAY = dt.timedelta(days=1)


def in_a_day() -> dt.datetime:
    """Return a time that, a day later, was some minutes ago."""
    return clock.utcnow().replace(second=0, microsecond=0) + DAY - dt.timedelta(minutes=10)


def local(moment: dt.datetime) -> str:
    return moment.astimezone(JAKARTA).strftime("%Y-%m-%dT%H:%M")


def post(browser: FlaskClient, customer_id: int, **fields: Any) -> Any:
    values = {"channel": "sms", "body": "Come by", "send_at": local(in_a_day()), "repeat": "daily", **fields}
    return browser.post(f"/customers/{customer_id}/messages/new", data=values)


def messages(shop: Shop, customer_id: int) -> list[Message]:
    """Return the customer's messages, the earliest first."""
    with shop.inside():
        found = messages_of(customer_id)[::-1]
        db.session.expunge_all()
        return found


def series(shop: Shop, customer_id: int) -> list[Series]:
    with shop.inside():
        found = list(series_of(db.session.get_one(Customer, customer_id)))
        db.session.expunge_all()
        return found


def time_passes(shop: Shop, span: dt.timedelta) -> None:
    """Let everything lie `span` further back: messages, the series' first day, and when they are due."""
    days = dt.timedelta(days=span.days)
    with shop.inside(), transaction() as session:
        for message in session.scalars(sa.select(Message)):
            message.send_at -= span
        for row in session.scalars(sa.select(Series)):
            row.starts_on -= days
            row.until = row.until - days if row.until else None
        for found in session.scalars(sa.select(Occurrence).order_by(Occurrence.date)):
            found.date -= days
            session.flush()
        for due in session.scalars(sa.select(DueWork)):
            due.due_at -= span


def work(shop: Shop) -> None:
    with shop.app.app_context():
        while jobs.make_due():
            pass
    shop.work()


def test_the_next_is_made_when_the_time_of_the_first_has_come(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    assert post(owner, sari).status_code == 303
    work(shop)
    (first,) = messages(shop, sari)
    assert first.status is Status.SCHEDULED
    time_of_day = first.send_at.time()

    time_passes(shop, DAY)
    work(shop)

    first, second = messages(shop, sari)
    assert first.status is Status.SENT
    assert (second.status, second.body, second.reason) == (Status.SCHEDULED, "Come by", "")
    assert second.send_at > clock.utcnow()
    assert second.send_at.time() == time_of_day
    assert shop.due_at(second.id) == second.send_at == shop.next_at(sari)
    assert second.created_by_id == shop.owner_id
    work(shop)
    assert len(messages(shop, sari)) == 2


def test_what_was_missed_is_left_out_and_said(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    time_passes(shop, 5 * DAY)
    work(shop)

    first, second = messages(shop, sari)
    assert first.status is Status.EXPIRED
    assert second.send_at - first.send_at == 5 * DAY
    assert second.reason == "Skipped 4 earlier messages: their time had passed."


def test_two_workers_make_one(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    time_passes(shop, DAY)
    threads = [threading.Thread(target=work, args=[shop]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(messages(shop, sari)) == 2


def test_each_date_is_made_once(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    time_passes(shop, DAY)
    work(shop)
    with shop.inside(), transaction() as session:
        session.execute(
            sa.update(DueWork).where(DueWork.kind == "series").values(due_at=clock.utcnow() - dt.timedelta(seconds=1))
        )
    work(shop)
    made = messages(shop, sari)
    assert len({message.send_at for message in made}) == len(made)


def test_one_that_fails_does_not_stop_the_others(shop: Shop, owner: FlaskClient) -> None:
    sari, budi = shop.customer(), shop.customer("Budi", "0813-1111-2222")
    post(owner, sari)
    post(owner, budi)
    time_passes(shop, DAY)
    with shop.inside(), transaction() as session:
        session.get_one(Series, 1).wording = {"text": "{broken", "has_fields": True, "approved": None}
    with shop.app.app_context():
        jobs.make_due()
    assert len(messages(shop, sari)) == 1
    assert len(messages(shop, budi)) == 2
    with shop.inside():
        assert db.session.get_one(DueWork, ("series", 1)).due_at > clock.utcnow()


def test_it_ends_with_its_last_day(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari, repeat_until=f"{(in_a_day() + DAY).astimezone(JAKARTA):%Y-%m-%d}")
    for number in (2, 2, 2):
        time_passes(shop, DAY)
        work(shop)
        assert len(messages(shop, sari)) == number
    assert series(shop, sari) == []
    with shop.inside():
        assert db.session.get(DueWork, ("series", 1)) is None


def test_an_archived_customer_gets_none_and_goes_on_when_back(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    with shop.inside():
        archive_customer(sari)
    time_passes(shop, DAY)
    work(shop)
    (first,) = messages(shop, sari)
    assert first.status is Status.CANCELED

    with shop.inside():
        restore_customer(sari)
    work(shop)
    first, second = messages(shop, sari)
    assert second.status is Status.SCHEDULED
    assert second.send_at > clock.utcnow()


def test_restored_before_the_time_nothing_is_made_twice(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    with shop.inside():
        archive_customer(sari)
        restore_customer(sari)
    work(shop)
    (first,) = messages(shop, sari)
    assert first.status is Status.SCHEDULED
    time_passes(shop, DAY)
    work(shop)
    assert len(messages(shop, sari)) == 2


def test_a_deleted_customer_leaves_nothing(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    with shop.inside():
        delete_customer(sari)
        assert db.session.scalars(sa.select(Series)).all() == []
        assert db.session.scalars(sa.select(DueWork)).all() == []
    work(shop)


def test_stopping_cancels_the_next_and_undo_brings_it_back(shop: Shop, owner: FlaskClient) -> None:
    sari, first_time = shop.customer(), local(in_a_day())
    post(owner, sari, send_at=first_time)
    page = owner.get(f"/customers/{sari}").text
    assert f"Repeats every day, at {first_time[11:]}, by SMS." in page
    (found,) = series(shop, sari)

    assert owner.post(f"/message-series/{found.id}/stop").status_code == 303
    (message,) = messages(shop, sari)
    assert (message.status, shop.next_at(sari)) == (Status.CANCELED, None)
    page = owner.get(f"/customers/{sari}").text
    assert "Repeats" not in page
    assert f"/message-series/{found.id}/stop/delete" in page
    work(shop)
    assert owner.post(f"/message-series/{found.id}/stop").status_code == 303

    assert owner.post(f"/message-series/{found.id}/stop/delete").status_code == 303
    (message,) = messages(shop, sari)
    assert (message.status, shop.next_at(sari)) == (Status.SCHEDULED, message.send_at)
    time_passes(shop, DAY)
    work(shop)
    assert [message.status for message in messages(shop, sari)] == [Status.SENT, Status.SCHEDULED]


def test_what_was_canceled_before_stays_canceled(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    (message,) = messages(shop, sari)
    (found,) = series(shop, sari)
    owner.post(f"/messages/{message.id}/cancel")
    owner.post(f"/message-series/{found.id}/stop")
    owner.post(f"/message-series/{found.id}/stop/delete")
    assert shop.status(message.id) is Status.CANCELED
    time_passes(shop, DAY)
    work(shop)
    assert [message.status for message in messages(shop, sari)] == [Status.CANCELED, Status.SCHEDULED]


def edit(browser: FlaskClient, message: Message, **fields: Any) -> Any:
    values = {"channel": message.channel, "body": message.body, "send_at": local(message.send_at), **fields}
    return browser.post(f"/messages/{message.id}/edit", data=values)


def test_only_this_one_is_changed(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    (message,) = messages(shop, sari)
    page = owner.get(f"/messages/{message.id}/edit").text
    assert "Only this one" in page
    assert "It repeats every day." in page

    for fields in ({"change": "one"}, {}):
        assert edit(owner, message, body="Changed", repeat="weekly", **fields).status_code == 303

    time_passes(shop, DAY)
    work(shop)
    assert [message.body for message in messages(shop, sari)] == ["Changed", "Come by"]
    (found,) = series(shop, sari)
    assert found.frequency == "daily"


def test_this_one_and_all_after_it_are_changed(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    (message,) = messages(shop, sari)
    (old,) = series(shop, sari)

    answer = edit(
        owner, message, change="all", body="New", send_at=local(in_a_day() + DAY), repeat="daily", repeat_every="2"
    )
    assert answer.status_code == 303

    (found,) = series(shop, sari)
    assert (found.id != old.id, found.every) == (True, 2)
    time_passes(shop, 2 * DAY)
    work(shop)
    first, second = messages(shop, sari)
    assert (first.body, second.body) == ("New", "New")
    assert second.send_at - first.send_at == 2 * DAY
    assert owner.post(f"/message-series/{old.id}/stop/delete").status_code == 409


def test_once_ends_the_series_and_leaves_the_message(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari)
    (message,) = messages(shop, sari)
    assert edit(owner, message, change="all", repeat="").status_code == 303
    assert series(shop, sari) == []
    assert shop.status(message.id) is Status.SCHEDULED


def test_a_message_of_its_own_becomes_a_series(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    post(owner, sari, repeat="")
    (message,) = messages(shop, sari)
    assert series(shop, sari) == []
    assert edit(owner, message, repeat="weekly").status_code == 303
    (found,) = series(shop, sari)
    assert found.frequency == "weekly"


def test_a_new_text_on_a_short_months_last_day_leaves_the_31st(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    year = clock.utcnow().year + 1
    post(owner, sari, send_at=f"{year}-01-31T09:00", repeat="monthly")
    with shop.inside(), transaction() as session:
        # As if January's had gone out: the next is February's.
        february = dt.datetime(year, 2, 28, 2, tzinfo=dt.UTC)
        session.get_one(Message, 1).send_at = february
        session.get_one(Occurrence, 1).date = february.date()
    (message,) = messages(shop, sari)

    assert edit(owner, message, change="all", body="New", repeat="monthly", repeat_every="1").status_code == 303
    (found,) = series(shop, sari)
    assert found.starts_on == dt.date(year, 1, 31)
    with shop.inside():
        assert db.session.get_one(Occurrence, 1).date == dt.date(year, 2, 28)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"repeat": "hourly"}, "Choose how often from the list."),
        ({"repeat_every": "0"}, "Enter a whole number from 1 to 365."),
        ({"repeat_every": "366"}, "Enter a whole number from 1 to 365."),
        ({"repeat_every": "1.5"}, "Enter a whole number from 1 to 365."),
        ({"repeat_every": "9" * 400}, "Enter a whole number from 1 to 365."),
        ({"repeat_until": "soon"}, "Enter a date like 2027-11-24, or leave it empty."),
        ({"repeat_until": "9999-12-31"}, "Enter a date like 2027-11-24, or leave it empty."),
        ({"repeat_until": "2020-01-01"}, "Choose a last day that is not before the first message."),
    ],
)
def test_it_refuses_in_words(shop: Shop, owner: FlaskClient, fields: dict[str, str], sentence: str) -> None:
    sari = shop.customer()
    answer = post(owner, sari, **fields)
    assert answer.status_code == 422
    assert sentence in unescape(answer.text)
    assert messages(shop, sari) == []
    assert series(shop, sari) == []


def test_the_same_form_twice_makes_one_series(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    for _ in range(2):
        assert post(owner, sari, idempotency_key="k").status_code == 303
    assert len(messages(shop, sari)) == len(series(shop, sari)) == 1


def test_the_preview_says_when_it_comes_again(shop: Shop, owner: FlaskClient) -> None:
    fields = {
        "channel": "whatsapp",
        "body": "See you",
        "send_at": "2027-12-31T09:00",
        "repeat": "monthly",
        "repeat_every": "1",
    }
    said = owner.post(f"/customers/{shop.customer()}/messages/preview", data=fields).text
    assert (
        "On Friday 31 December 2027 at 09:00 (Asia/Jakarta), by WhatsApp, to +62 812-3456-7890. "
        "Then every month on the 31st or the last day." in said
    )


def test_a_templates_text_is_filled_anew_each_time(shop: Shop, owner: FlaskClient) -> None:
    sari = shop.customer()
    with shop.inside():
        birthday = add_template(
            {
                "name": "Birthday",
                "channel": "whatsapp",
                "body": "Happy birthday {name}!",
                "approved_name": "birthday",
                "language": "id",
                "parameters": ["{name}"],
            }
        )
    fields = {"template": birthday, "channel": "whatsapp", "repeat": "yearly"}
    post(owner, sari, body="Happy birthday Sari!", **fields)
    with shop.inside():
        change_template(birthday, {"body": "Other {name}"})
        edit_customer(sari, {"name": "Sari Dewi"})
    time_passes(shop, DAY)
    work(shop)
    first, second = messages(shop, sari)
    assert (first.body, second.body) == ("Happy birthday Sari!", "Happy birthday Sari Dewi!")
    assert second.approved is not None
    assert second.approved.parameters == ("Sari Dewi",)
    assert second.send_at - first.send_at > dt.timedelta(days=364)


@pytest.mark.parametrize("must_arrive", [True, False])
def test_what_must_arrive_must_arrive_each_time(shop: Shop, owner: FlaskClient, must_arrive: bool) -> None:
    sari = shop.customer()
    post(owner, sari, **({"must_arrive": "y"} if must_arrive else {}))
    time_passes(shop, DAY)
    work(shop)
    assert [message.must_arrive for message in messages(shop, sari)] == [must_arrive, must_arrive]


def test_only_staff_of_the_shop_stop_it(shop: Shop, owner: FlaskClient, stranger: Shop) -> None:
    sari = shop.customer()
    post(owner, sari)
    (found,) = series(shop, sari)
    assert shop.browser(Role.VIEWER).post(f"/message-series/{found.id}/stop").status_code == 403
    assert stranger.browser().post(f"/message-series/{found.id}/stop").status_code == 404
    assert shop.browser(Role.STAFF).post(f"/message-series/{found.id}/stop").status_code == 303
