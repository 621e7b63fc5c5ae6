"""How letters to users are sent: by a real mail server, a real worker, once."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask

from crm.kernel.db import transaction
from crm.user_mail.models import UserLetter
from crm.user_mail.rules import Kind, State, plain_name
from crm.user_mail.services import write
from crm.user_mail.texts import LetterText
from tests.factories import Cast, Person
from tests.servers import Process
from tests.user_mail.mailbox import Mailbox

one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SARI = "sari@shop.test"
TEXT = LetterText("News", "Hello.\n\nhttps://shop.test/a")


def post(person: Person, text: LetterText = TEXT, address: str = SARI) -> int:
    with person.acting():
        return write(Kind.ADDRESS_CHANGED, address, text, user_id=person.user_id).id


@pytest.mark.parametrize("by_queue", [True, False])
def test_the_worker_sends_it_with_and_without_redis(
    cast: Cast,
    mailbox: Mailbox,
    environ: dict[str, str],
    worker_process: Callable[[dict[str, str]], Process],
    redis_url: str,
    by_queue: bool,
) -> None:
    given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mailbox.sink.port), "SMTP_SECURITY": "none"}
    settings = {**environ, **given, "EMAIL_FROM": "crm@shop.test", **({"REDIS_URL": redis_url} if by_queue else {})}
    mailbox.app.config["REDIS_URL"] = redis_url if by_queue else ""
    worker = worker_process(settings)
    post(cast.staff)
    worker.wait_until(lambda: len(mailbox.sink.taken) == 1, "the letter arrives")
    assert mailbox.sink.taken[0]["To"] == SARI


def test_it_is_text_and_html_and_nothing_of_it_stays(cast: Cast, mailbox: Mailbox) -> None:
    id_ = post(cast.staff)
    (row,) = mailbox.rows()
    assert "Hello" not in row.sealed, "a link in it would let in whoever reads the table"
    letter = mailbox.only()
    assert letter["Message-ID"] == f"<u.{id_}@shop.test>"
    assert mailbox.sink.senders == ["crm@shop.test"]
    html = letter.get_body(("html",))
    assert html is not None
    assert '<a href="https://shop.test/a">' in html.get_content()
    (row,) = mailbox.rows()
    assert (row.state, row.sealed, row.due_at, row.tries) == (State.SENT, "", None, 1)


@one_database
def test_a_server_that_is_busy_is_asked_again_with_the_same_id(cast: Cast, mailbox: Mailbox) -> None:
    post(cast.staff)
    for reply in ("451 4.3.0 later", "421 4.7.0 busy"):
        mailbox.sink.replies["RCPT"] = reply
        assert mailbox.arrived() == []
        (row,) = mailbox.rows()
        assert (row.state, reply[:3] in row.reason) == (State.WAITING, True)
        assert mailbox.arrived() == [], "not before its time"
        mailbox.later()
    mailbox.sink.replies.clear()
    letter = mailbox.only()
    assert letter["Message-ID"] == f"<u.{row.id}@shop.test>"
    (row,) = mailbox.rows()
    assert (row.state, row.tries) == (State.SENT, 3)


@one_database
def test_pauses_grow(cast: Cast, mailbox: Mailbox) -> None:
    post(cast.staff)
    mailbox.sink.replies["RCPT"] = "451 4.3.0 later"
    pauses = []
    for _ in range(6):
        mailbox.work()
        (row,) = mailbox.rows()
        assert row.due_at is not None
        pauses.append(row.due_at - row.created_at)
        mailbox.later()
    assert pauses == sorted(pauses)
    assert pauses[-1] > 30 * pauses[0]


@one_database
@pytest.mark.parametrize("dies", ["before the dot", "after the dot"])
def test_a_server_that_dies_gets_nothing_twice(cast: Cast, mailbox: Mailbox, dies: str) -> None:
    mailbox.sink.dies = dies
    post(cast.staff)
    first = mailbox.arrived()
    mailbox.sink.dies = ""
    mailbox.later()
    assert len(first) + len(mailbox.arrived()) == 1


@one_database
def test_a_crash_in_the_middle_sends_nothing_again(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    """A worker that was killed while it called leaves the row as it is now."""
    id_ = post(cast.staff)
    with app.app_context(), transaction() as session:
        row = session.get_one(UserLetter, id_)
        assert row.due_at is not None
        row.begin(row.due_at)
    assert mailbox.arrived() == []
    assert mailbox.rows()[0].state is State.UNKNOWN


@one_database
def test_a_dead_mailbox_gets_no_second_try(cast: Cast, mailbox: Mailbox) -> None:
    mailbox.sink.replies["RCPT"] = "550 5.1.1 no such user"
    post(cast.staff)
    mailbox.work()
    (row,) = mailbox.rows()
    assert (row.state, row.due_at, "5.1.1" in row.reason) == (State.FAILED, None, True)


@one_database
def test_what_comes_too_late_is_not_sent(cast: Cast, mailbox: Mailbox) -> None:
    mailbox.sink.replies["RCPT"] = "451 4.3.0 later"
    post(cast.staff)
    mailbox.work()
    mailbox.sink.replies.clear()
    mailbox.later(days=3)
    assert mailbox.arrived() == []
    assert mailbox.rows()[0].state is State.LATE


@one_database
def test_one_that_cannot_be_read_stops_no_other(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    broken = post(cast.staff)
    with app.app_context(), transaction() as session:
        session.get_one(UserLetter, broken).sealed = "nonsense"
    post(cast.staff, TEXT, "other@shop.test")
    assert [letter["To"] for letter in mailbox.arrived()] == ["other@shop.test"]
    assert mailbox.rows()[0].state is State.WAITING


@one_database
def test_no_name_adds_a_header_or_a_link(cast: Cast, mailbox: Mailbox) -> None:
    post(cast.staff, LetterText("Hi\r\nBcc: all@evil.test", "x"))
    letter = mailbox.only()
    assert (letter["Bcc"], letter["To"]) == (None, SARI)
    assert len(letter.get_all("Subject", [])) == 1
    assert (
        plain_name("Win at https://evil.test/a\r\nnow //evil.test")
        == "Win at https evil.\u2060test/a now evil.\u2060test"
    )
    assert len(plain_name("x" * 500)) == 80


@one_database
def test_reports_about_letters_are_taken_and_left(app: Flask, cast: Cast) -> None:
    app.config["POSTMARK_WEBHOOK_PASSWORD"] = "a" * 20
    report = {"RecordType": "Delivery", "MessageID": "m-1", "Metadata": {"attempt": "letter-1"}}
    answer = app.test_client().post("/webhooks/postmark", json=report, auth=("any", "a" * 20))
    assert answer.status_code == 200
    assert app.test_client().post("/webhooks/postmark", json=report, auth=("any", "b" * 20)).status_code == 403


def test_two_workers_send_it_once(app: Flask, cast: Cast, mailbox: Mailbox) -> None:
    for number in range(10):
        post(cast.staff, TEXT, f"n{number}@shop.test")
    threads = [threading.Thread(target=mailbox.work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(letter["To"] for letter in mailbox.sink.taken) == [f"n{number}@shop.test" for number in range(10)]
