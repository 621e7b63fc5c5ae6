"""Mail by a real dialogue with servers that take it, refuse it, or die in the middle."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.messages.rules import Status
from crm.messages.services import schedule_message
from crm.messages.suppression_models import OptOutSource, Suppression
from crm.providers.base import Answer, Call, Outcome, Sender
from crm.providers.smtp import connections
from crm.providers.smtp.gateway import Smtp
from tests.messages.shop import Shop
from tests.messages.sink import Sink

SARI = "sari@shop.test"
TEXT = "It is ready.\n\nCome! https://toko.test/a"


@pytest.fixture
def mail(app: Flask, shop: Shop, sink: Sink) -> Shop:
    """The shop, with the installation's mail server."""
    app.config.update(
        SMTP_HOST="127.0.0.1", SMTP_PORT=str(sink.port), SMTP_SECURITY="none", EMAIL_FROM="Toko <hello@toko.test>"
    )
    shop.set(email_gateway="smtp")
    return shop


def schedule(shop: Shop, *customers: int) -> list[int]:
    with shop.inside():
        ids = [schedule_message(one, EMAIL, TEXT, shop.soon(), subject="Your cake").id for one in customers]
    for id_ in ids:
        shop.shift(id_, 1)
    return ids


def test_a_mail_arrives_as_text_and_html(mail: Shop, sink: Sink) -> None:
    mail.set(email_reply_to="Sari <sari@toko.test>")
    (id_,) = schedule(mail, mail.customer(email=SARI))
    mail.work()
    (letter,) = sink.taken
    assert mail.status(id_) is Status.SENT
    assert (letter["From"], letter["To"], letter["Subject"]) == ("Toko <hello@toko.test>", SARI, "Your cake")
    assert (letter["Reply-To"], letter["Message-ID"]) == ("Sari <sari@toko.test>", f"<m.{id_}@toko.test>")
    plain, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == TEXT.splitlines()
    assert '<a href="https://toko.test/a">https://toko.test/a</a>' in html.get_content()


@pytest.mark.parametrize("dies", ["before the dot", "after the dot"])
def test_a_server_that_dies_gets_no_mail_twice(mail: Shop, sink: Sink, dies: str) -> None:
    sink.dies = dies
    (id_,) = schedule(mail, mail.customer(email=SARI))
    mail.work()
    before = len(sink.taken)
    assert mail.status(id_) is (Status.RETRY_WAIT if dies == "before the dot" else Status.UNKNOWN)
    sink.dies = ""
    mail.look_now(id_)
    mail.work()
    assert before == (dies == "after the dot")
    assert len(sink.taken) == 1
    assert {letter["Message-ID"] for letter in sink.taken} == {f"<m.{id_}@toko.test>"}


@pytest.mark.parametrize(
    ("command", "reply", "status"),
    [
        ("RCPT", "450 4.2.1 try later", Status.RETRY_WAIT),
        ("DATA", "451 4.3.0 try later", Status.RETRY_WAIT),
        ("RCPT", "552 5.2.2 mailbox full", Status.FAILED),
        ("MAIL", "550 5.7.1 not you", Status.HELD),
        ("DATA", "550 5.7.1 blocked", Status.HELD),
    ],
)
def test_a_refusal_decides_what_becomes_of_it(mail: Shop, sink: Sink, command: str, reply: str, status: Status) -> None:
    sink.replies[command] = reply
    (id_,) = schedule(mail, mail.customer(email=SARI))
    mail.work()
    assert (mail.status(id_), sink.taken) == (status, [])
    assert reply in mail.message(id_).reason
    with mail.inside():
        assert not db.session.scalars(sa.select(Suppression)).all()


def test_an_address_that_does_not_exist_gets_nothing_more(mail: Shop, sink: Sink) -> None:
    sink.replies["RCPT"] = "550 5.1.1 no such user"
    sari = mail.customer(email=SARI)
    with mail.inside():
        later = schedule_message(sari, EMAIL, "Later", mail.soon(), subject="Later").id
    (id_,) = schedule(mail, sari)
    mail.work()
    assert (mail.status(id_), mail.status(later)) == (Status.FAILED, Status.SUPPRESSED)
    with mail.inside():
        found = db.session.scalars(sa.select(Suppression)).one()
        assert (found.kind, found.address, found.source) == ("email", SARI, OptOutSource.BOUNCE)


def test_many_mails_go_over_few_connections(mail: Shop, sink: Sink) -> None:
    ids = schedule(mail, *(mail.customer(f"Sari {n}", "", email=f"s{n}@shop.test") for n in range(30)))
    mail.work()
    assert {mail.status(id_) for id_ in ids} == {Status.SENT}
    assert len(sink.taken) == 30
    assert sink.dialogues <= Smtp.max_calls


def call(sink: Sink, **sender: Any) -> Outcome:
    made = {"number": "hello@toko.test", "base": f"127.0.0.1:{sink.port}:none", "name": "Toko", **sender}
    return Smtp().send(Call(7, 3, "smtp", EMAIL, made.pop("to", SARI), "Text", subject="Hi", sender=Sender(**made)))


def test_it_signs_in(sink: Sink) -> None:
    assert call(sink, account="shop", token="secret").answer is Answer.ACCEPTED
    refused = call(sink, account="shop", token="wrong")
    assert (refused.answer, refused.code) == (Answer.REFUSED_SENDER, "5.7.8")


@pytest.mark.parametrize(
    ("sender", "answer"),
    [
        ({"base": "127.0.0.1:1:none"}, Answer.NO_CONNECTION),
        ({"base": "nowhere.test:25:none"}, Answer.NO_CONNECTION),
        ({"is_own": True}, Answer.NO_CONNECTION),
        ({"security": "starttls"}, Answer.REFUSED_SENDER),
        ({"security": "tls"}, Answer.NO_CONNECTION),
        ({"number": ""}, Answer.REFUSED_SENDER),
        ({"to": "süß@shop.test"}, Answer.PERMANENT),
    ],
)
def test_what_does_not_begin_sends_nothing(sink: Sink, sender: dict[str, Any], answer: Answer) -> None:
    if "security" in sender:
        sender = {"base": f"127.0.0.1:{sink.port}:{sender['security']}"}
    assert call(sink, **sender).answer is answer
    assert not sink.taken


def test_a_kept_connection_that_ended_is_replaced(sink: Sink) -> None:
    assert call(sink).answer is Answer.ACCEPTED
    (kept,) = next(iter(connections._kept.values()))
    kept._smtp.sock.shutdown(2)
    assert call(sink).answer is Answer.ACCEPTED
    assert (len(sink.taken), sink.dialogues) == (2, 2)


def test_domains_in_other_letters_are_written_as_dns_has_them(sink: Sink) -> None:
    assert call(sink, to="sari@tökö.test").answer is Answer.ACCEPTED
    assert sink.taken[0]["To"] == "sari@xn--tk-fkab.test"


def test_threads_share_no_connection(sink: Sink) -> None:
    threads = [threading.Thread(target=call, args=(sink,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.taken) == 8
