"""Notices reach the browsers that allowed them, and nobody else's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.accounts.models import Organization
from crm.customers.models import Customer
from crm.customers.services import archive_customer, delete_customer, edit_customer
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.values import clock, language
from crm.web_push import jobs, sending, vapid
from crm.web_push.models import NoticeState, PushNotice, PushSubscription
from crm.web_push.queries import count_subscriptions, public_key
from crm.web_push.rules import MAX_SUBSCRIPTIONS, TRIES
from crm.web_push.services import KIND, PushError, language_of, notify, subscribe, unsubscribe
from tests.factories import Cast, make_customer
from tests.product import flask
from tests.servers import Process
from tests.web_push.conftest import PRIVATE_KEY, SUBJECT
from tests.web_push.push_service import Browser, PushService

sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _nobody_is_busy() -> None:
    sending._busy_until.clear()


def subscribed(push: PushService, customer_id: int) -> Browser:
    browser = push.subscribe()
    subscribe(customer_id, **browser.form)
    return browser


def send() -> None:
    """Do what is due, and what was put off, too."""
    while jobs.send_due():
        pass


def make_due() -> None:
    with transaction() as session:
        session.execute(
            sa.update(DueWork).where(DueWork.kind == KIND).values(due_at=clock.utcnow() - dt.timedelta(minutes=1))
        )


def states() -> list[NoticeState]:
    return [row.state for row in db.session.scalars(sa.select(PushNotice).order_by(PushNotice.id))]


def waiting() -> int:
    return db.session.scalars(sa.select(sa.func.count()).where(DueWork.kind == KIND)).one()


def test_a_notice_reaches_every_browser_of_the_customer_alone(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        sari, budi = make_customer(name="Sari"), make_customer(name="Budi")
        phone, laptop, other = (subscribed(push, id_) for id_ in (sari, sari, budi))

        assert notify(sari, "Toko", "40 points end on Friday.", "/c/card", topic="points") == 2
        assert push.asked == [], "nothing is sent within the transaction"
        send()

    assert {one.browser.endpoint for one in push.delivered} == {phone.endpoint, laptop.endpoint}
    assert other.endpoint not in {one.browser.endpoint for one in push.delivered}
    for one in push.delivered:
        assert (one.shown["title"], one.shown["body"]) == ("Toko", "40 points end on Friday.")
        assert (one.shown["url"], one.shown["tag"], one.shown["lang"]) == ("/c/card", "points", "en")
        assert one.claims["sub"] == SUBJECT
        assert one.claims["aud"] == push.url
        assert one.claims["exp"] <= clock.utcnow().timestamp() + 12 * 3600
        assert 0 < int(one.headers["ttl"]) <= 24 * 3600
        assert one.headers["urgency"] == "normal"
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", one.headers["topic"])
    with cast.owner.acting():
        assert states() == [NoticeState.SENT, NoticeState.SENT]
        assert waiting() == 0


def test_without_keys_there_is_no_web_push(app: Flask, cast: Cast, service: PushService) -> None:
    app.config.update(PUSH_TEST_ORIGIN=service.url)
    with cast.owner.acting():
        id_ = make_customer()
        assert public_key() == ""
        with pytest.raises(PushError):
            subscribe(id_, **service.subscribe().form)
        assert notify(id_, "Toko", "Hello.", "/c/card") == 0
        assert waiting() == 0


def test_new_keys_end_every_subscription(app: Flask, push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        notify(id_, "Toko", "Before.", "/c/card")
        app.config["VAPID_PRIVATE_KEY"] = vapid.new_private_key()
        assert count_subscriptions(id_) == 0
        assert notify(id_, "Toko", "After.", "/c/card") == 0
        send()
        assert push.asked == []
        assert db.session.scalars(sa.select(PushSubscription)).all() == []


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(push: PushService, cast: Cast, status: int) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        gone, there = subscribed(push, id_), subscribed(push, id_)
        push.answer(gone, status)
        notify(id_, "Toko", "Hello.", "/c/card")
        notify(id_, "Toko", "Hello again.", "/c/card")
        send()
        rows = db.session.scalars(sa.select(PushSubscription)).all()
        assert [row.endpoint for row in rows] == [there.endpoint]
        assert waiting() == 0
        assert states() == [NoticeState.SENT] * 2
        told = sa.select(Event.action).where(Event.customer_id == id_, Event.action.startswith("push."))
        assert db.session.scalars(told.order_by(Event.id)).all() == ["push.allowed", "push.allowed", "push.ended"]


def test_a_busy_push_service_is_left_alone_for_as_long_as_it_asks(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        busy = subscribed(push, id_)
        push.answer(busy, 429, Retry_After="90")
        notify(id_, "Toko", "First.", "/c/card")
        notify(id_, "Toko", "Second.", "/c/card")
        send()
        assert len(push.asked) == 1, "neither this notice nor the next"
        moments = db.session.scalars(sa.select(DueWork.due_at).where(DueWork.kind == KIND)).all()
        assert len(moments) == 2
        assert all(80 < (moment - clock.utcnow()).total_seconds() <= 91 for moment in moments)
        sending._busy_until.clear()
        make_due()
        send()
        assert [one.shown["body"] for one in push.delivered] == ["First.", "Second."]


def test_a_failure_is_tried_again_a_few_times(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        browser = subscribed(push, id_)
        push.answer(browser, 500, 503)
        notify(id_, "Toko", "Hello.", "/c/card")
        for _ in range(3):
            send()
            make_due()
        assert (len(push.asked), len(push.delivered)) == (3, 1)

        push.answer(browser, *[500] * 20)
        notify(id_, "Toko", "Never.", "/c/card")
        for _ in range(10):
            send()
            make_due()
        assert len(push.asked) == 3 + TRIES
        assert states() == [NoticeState.SENT, NoticeState.FAILED]
        assert waiting() == 0


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 413])
def test_a_refusal_is_no_reason_to_ask_again(push: PushService, cast: Cast, status: int) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        other = push.subscribe()
        push.answer(subscribed(push, id_), status, Location=other.endpoint)
        notify(id_, "Toko", "Hello.", "/c/card")
        send()
        assert len(push.asked) == 1, "no redirect is followed"
        assert states() == [NoticeState.FAILED]


@sqlite_alone
def test_a_push_service_that_hangs_up_is_tried_again(push: PushService, cast: Cast, app: Flask) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        origin = "http://127.0.0.1:1"
        with transaction() as session:
            row = session.scalars(sa.select(PushSubscription)).one()
            row.endpoint = f"{origin}/x"
        app.config["PUSH_TEST_ORIGIN"] = origin
        notify(id_, "Toko", "Hello.", "/c/card")
        send()
        assert (states(), waiting()) == ([NoticeState.WAITING], 1)


def test_a_later_notice_takes_the_place_of_one_that_waits(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        notify(id_, "Toko", "On Monday.", "/c/card", topic="booking-1")
        notify(id_, "Toko", "Something else.", "/c/card", topic="booking-2")
        notify(id_, "Toko", "On Tuesday.", "/c/card", topic="booking-1")
        send()
        assert [one.shown["body"] for one in push.delivered] == ["Something else.", "On Tuesday."]
        assert states() == [NoticeState.DROPPED, NoticeState.SENT, NoticeState.SENT]


def test_a_notice_with_a_key_is_made_once(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        assert [notify(id_, "Toko", "Hello.", "/c/card", once="points:2026-12-01") for _ in range(3)] == [1, 0, 0]
        subscribed(push, id_)
        assert notify(id_, "Toko", "Hello.", "/c/card", once="points:2026-12-01") == 1


def test_a_notice_that_is_of_no_use_any_more_is_not_sent(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        notify(id_, "Toko", "Hello.", "/c/card", lasts=dt.timedelta(seconds=-1))
        send()
        assert (states(), push.asked, waiting()) == ([NoticeState.LATE], [], 0)


def test_nobody_archived_deleted_or_without_consent_gets_one(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        ids = [make_customer() for _ in range(3)]
        for id_ in ids:
            subscribed(push, id_)
            notify(id_, "Toko", "Hello.", "/c/card")
        archive_customer(ids[0])
        delete_customer(ids[1])
        assert unsubscribe(ids[2]) == 1
        send()
        assert (push.asked, waiting()) == ([], 0)


def test_quiet_hours_and_a_pause_hold_notices(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        notify(id_, "Toko", "Hello.", "/c/card")
        local = clock.to_local(clock.utcnow(), clock.zone("Asia/Jakarta"))
        with transaction() as session:
            shop = session.get_one(Organization, cast.owner.organization_id)
            shop.quiet_from = (local - dt.timedelta(hours=1)).time()
            shop.quiet_until = (local + dt.timedelta(hours=1)).time()
        send()
        assert (push.asked, states(), waiting()) == ([], [NoticeState.WAITING], 1)
        with transaction() as session:
            shop = session.get_one(Organization, cast.owner.organization_id)
            shop.quiet_from, shop.sending_paused = None, True
        make_due()
        send()
        assert push.asked == []
        with transaction() as session:
            session.get_one(Organization, cast.owner.organization_id).sending_paused = False
        make_due()
        send()
        assert len(push.delivered) == 1


def test_a_browser_belongs_to_who_subscribed_last(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        first, second = make_customer(), make_customer()
        browser = subscribed(push, first)
        notify(first, "Toko", "For the first.", "/c/card")
        subscribe(second, **browser.form)
        subscribe(second, **browser.form)
        assert (count_subscriptions(first), count_subscriptions(second)) == (0, 1)
        notify(second, "Toko", "For the second.", "/c/card")
        send()
        assert [one.shown["body"] for one in push.delivered] == ["For the second."]
        assert unsubscribe(first, browser.endpoint) == 0
        assert unsubscribe(second, browser.endpoint) == 1


def test_a_customer_has_a_few_browsers_at_most(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        browsers = [subscribed(push, id_) for _ in range(MAX_SUBSCRIPTIONS + 2)]
        rows = db.session.scalars(sa.select(PushSubscription).order_by(PushSubscription.id)).all()
        assert [row.endpoint for row in rows] == [browser.endpoint for browser in browsers[2:]]


def test_a_stranger_neither_reads_nor_stops_it(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        browser = subscribed(push, id_)
    with cast.stranger.acting():
        other = make_customer()
        assert unsubscribe(other, browser.endpoint) == 0
        subscribe(other, **browser.form)
    with cast.owner.acting():
        assert count_subscriptions(id_) == 1, "the same browser may be of two shops"


@sqlite_alone
@pytest.mark.parametrize("endpoint", ["https://evil.example/x", "http://127.0.0.1:1/x", "https://169.254.169.254/x"])
def test_an_address_that_is_no_push_service_is_refused_and_never_called(
    push: PushService, cast: Cast, endpoint: str
) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        with pytest.raises(PushError, match="can't get notices"):
            subscribe(id_, **{**push.subscribe().form, "endpoint": endpoint})
        browser = subscribed(push, id_)
        with transaction() as session:
            session.scalars(sa.select(PushSubscription)).one().endpoint = endpoint
        notify(id_, "Toko", "Hello.", "/c/card")
        send()
        assert browser
        assert db.session.scalars(sa.select(PushSubscription)).all() == [], "whatever wrote it"


def test_a_notice_speaks_the_customers_language(push: PushService, cast: Cast) -> None:
    with cast.owner.acting():
        id_ = make_customer()
        edit_customer(id_, {"language": "ur"})
        subscribed(push, id_)
        with language.speaking(language_of(db.session.get_one(Customer, id_))):
            notify(id_, "Toko", "سلام", "/c/card")
        send()
    (one,) = push.delivered
    assert (one.shown["lang"], one.shown["dir"], one.shown["body"]) == ("ur", "rtl", "سلام")


def test_a_worker_sends_them(
    environ: dict[str, str],
    push: PushService,
    cast: Cast,
    worker_process: Callable[[dict[str, str]], Process],
) -> None:
    keys = {"VAPID_PRIVATE_KEY": PRIVATE_KEY, "VAPID_SUBJECT": SUBJECT, "PUSH_TEST_ORIGIN": push.url}
    with cast.owner.acting():
        id_ = make_customer()
        subscribed(push, id_)
        notify(id_, "Toko", "Hello.", "/c/card")
    worker = worker_process({**environ, **keys})
    worker.wait_until(lambda: push.delivered, "the notice was sent", timeout=60)


@sqlite_alone
def test_keys_are_made_by_a_command(environ: dict[str, str]) -> None:
    printed = dict(line.split("=", 1) for line in flask(environ, "push", "keys").splitlines())
    assert printed.keys() == {"VAPID_PRIVATE_KEY", "VAPID_SUBJECT"}
    assert len(vapid.read_keys(private=printed["VAPID_PRIVATE_KEY"], subject="").public) == 87
    assert "doctor" not in flask({**environ, **printed}, "push", "keys", "--json")
