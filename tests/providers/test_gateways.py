"""The gateways of Twilio and Meta over real connections: what they send, and what they make of each answer."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from crm.messages.channels.base import Channel
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.rules import ApprovedTemplate as Template
from crm.providers import http
from crm.providers.base import Answer, Call, Found, Outcome, Question, Sender
from crm.providers.registry import gateway_named
from crm.providers.twilio.codes import CODES as TWILIO
from crm.providers.whatsapp_cloud.codes import CODES as META
from crm.values import clock
from tests.providers import checks_meta, checks_twilio
from tests.providers.fake import (
    ACCESS,
    ACCOUNT,
    NUMBER_ID,
    SMS_FROM,
    TOKEN,
    WHATSAPP_FROM,
    Provider,
    Say,
    meta_error,
    twilio_error,
)

TO, TEXT = "+6281234567890", "Your cake is ready 🎂 & it's 100% sweet"
SERVICE = "MG" + "0" * 32
PUBLIC = "https://crm.example.com"


def twilio(fake: Provider, channel: Channel = SMS, **sender: str) -> Call:
    number = WHATSAPP_FROM if channel is WHATSAPP else SMS_FROM
    account = Sender(number, ACCOUNT, TOKEN, base=fake.url, callback=PUBLIC)
    return Call(7, 3, "twilio", channel, TO, TEXT, sender=dataclasses.replace(account, **sender))


def cloud(fake: Provider, **sender: str) -> Call:
    account = Sender(WHATSAPP_FROM, NUMBER_ID, ACCESS, base=fake.url, callback=PUBLIC)
    return Call(7, 3, "whatsapp_cloud", WHATSAPP, TO, TEXT, sender=dataclasses.replace(account, **sender))


def send(call: Call) -> Outcome:
    return gateway_named(call.gateway).send(call)


BOTH = pytest.mark.parametrize("call_of", [twilio, cloud], ids=["twilio", "whatsapp_cloud"])
CallOf = Callable[[Provider], Call]


# What is sent


def test_twilio_gets_an_sms_with_the_address_for_its_reports(fake: Provider) -> None:
    outcome = send(twilio(fake))

    assert outcome == Outcome(Answer.ACCEPTED, provider_id=f"SM{1:032x}")
    (request,) = fake.sent
    assert (request.account, request.token, request.to, request.sender) == (ACCOUNT, TOKEN, TO, SMS_FROM)
    assert request.body == TEXT
    assert request.callback == f"{PUBLIC}/webhooks/twilio/status/7"
    assert checks_twilio.attempt_of(request) == 7


def test_twilio_gets_whatsapp_by_the_addresses_of_the_channel(fake: Provider) -> None:
    assert send(twilio(fake, WHATSAPP)).answer is Answer.ACCEPTED
    assert (fake.sent[0].to, fake.sent[0].sender) == (f"whatsapp:{TO}", f"whatsapp:{WHATSAPP_FROM}")


def test_a_messaging_service_chooses_the_number_of_an_sms(fake: Provider) -> None:
    send(twilio(fake, service=SERVICE))
    send(twilio(fake, WHATSAPP, service=SERVICE))

    assert (fake.sent[0].sender, "From" in fake.sent[0].fields) == (SERVICE, False)
    assert fake.sent[1].sender == f"whatsapp:{WHATSAPP_FROM}"


def test_twilio_gets_a_template_by_its_content(fake: Provider) -> None:
    template = Template("HX" + "a" * 32, "id", ("Sari", "10:00"))
    outcome = send(dataclasses.replace(twilio(fake, WHATSAPP), template=template))

    assert outcome.answer is Answer.ACCEPTED
    assert fake.sent[0].fields["ContentSid"] == template.name
    assert fake.sent[0].fields["ContentVariables"] == '{"1": "Sari", "2": "10:00"}'


def test_a_test_message_names_no_attempt(fake: Provider) -> None:
    send(dataclasses.replace(twilio(fake), attempt_id=0))
    send(dataclasses.replace(cloud(fake), attempt_id=0))

    assert (fake.sent[0].callback, fake.sent[1].data) == ("", "")


def test_meta_gets_a_text_with_the_attempt(fake: Provider) -> None:
    assert send(cloud(fake)) == Outcome(Answer.ACCEPTED, provider_id="wamid.1")
    (request,) = fake.sent
    assert (request.number_id, request.token, request.to, request.body) == (NUMBER_ID, ACCESS, TO[1:], TEXT)
    assert checks_meta.attempt_of(request) == 7


def test_meta_gets_a_template_with_its_parameters(fake: Provider) -> None:
    template = Template("order_ready", "id", ("Sari", "10:00"))
    assert send(dataclasses.replace(cloud(fake), template=template)).answer is Answer.ACCEPTED
    assert fake.sent[0].fields["template"] == {
        "name": "order_ready",
        "language": {"code": "id"},
        "components": [
            {"type": "body", "parameters": [{"type": "text", "text": "Sari"}, {"type": "text", "text": "10:00"}]}
        ],
    }


def test_parameters_with_names_are_sent_by_their_names(fake: Provider) -> None:
    named = Template("order_ready", "id", ("Sari", "10:00"), names=("customer", "time"))
    send(dataclasses.replace(cloud(fake), template=named))
    send(dataclasses.replace(twilio(fake, WHATSAPP), template=dataclasses.replace(named, name="HX" + "a" * 32)))

    (component,) = fake.sent[0].fields["template"]["components"]
    assert component["parameters"] == [
        {"type": "text", "text": "Sari", "parameter_name": "customer"},
        {"type": "text", "text": "10:00", "parameter_name": "time"},
    ]
    assert fake.sent[1].fields["ContentVariables"] == '{"customer": "Sari", "time": "10:00"}'


def test_a_test_message_says_where_its_reports_go(fake: Provider) -> None:
    send(dataclasses.replace(twilio(fake), attempt_id=0, test_id=5))
    send(dataclasses.replace(cloud(fake), attempt_id=0, test_id=5))

    assert (fake.sent[0].callback, fake.sent[1].data) == (f"{PUBLIC}/webhooks/twilio/tests/5", "test-5")


def test_a_version_in_the_base_is_kept(fake: Provider) -> None:
    assert send(cloud(fake, base=f"{fake.url}/v22.0/")).answer is Answer.ACCEPTED


# What is made of the answers


@pytest.mark.parametrize("code", sorted(TWILIO))
def test_each_code_of_twilio_has_its_outcome_and_sentence(fake: Provider, code: int) -> None:
    fake.says = lambda request: twilio_error(400, code)
    outcome = send(twilio(fake))
    assert (outcome.answer, outcome.sentence, outcome.code) == (TWILIO[code].answer, TWILIO[code].sentence, str(code))


@pytest.mark.parametrize("code", sorted(set(META) - set(range(201, 300))))
def test_each_code_of_meta_has_its_outcome_and_sentence(fake: Provider, code: int) -> None:
    fake.says = lambda request: meta_error(400, code)
    outcome = send(cloud(fake))
    assert (outcome.answer, outcome.sentence, outcome.code) == (META[code].answer, META[code].sentence, str(code))


def test_the_table_says_what_the_contract_says() -> None:
    assert TWILIO[21610].answer is META[131050].answer is Answer.OPTED_OUT
    assert TWILIO[20003].answer is META[190].answer is Answer.REFUSED_SENDER
    assert TWILIO[20429].answer is META[130429].answer is Answer.RATE_LIMITED
    assert TWILIO[21211].answer is TWILIO[21614].answer is META[131026].answer is Answer.PERMANENT
    for meaning in (*TWILIO.values(), *META.values()):
        assert meaning.sentence.endswith(".")
        assert len(meaning.sentence) < 130
        assert meaning.answer not in (Answer.ACCEPTED, Answer.NO_CONNECTION)


@BOTH
@pytest.mark.parametrize(
    ("status", "payload", "answer"),
    [
        (401, {}, Answer.REFUSED_SENDER),
        (403, b"<html>", Answer.REFUSED_SENDER),
        (429, b"", Answer.RATE_LIMITED),
        (500, {"code": 21610, "error": {"code": 131050}}, Answer.UNKNOWN),
        (503, b"<html>", Answer.UNKNOWN),
        (504, {}, Answer.UNKNOWN),
        (408, {}, Answer.UNKNOWN),
        (302, {}, Answer.UNKNOWN),
        (400, b"<html>", Answer.UNKNOWN),
        (400, {"code": 99999, "message": "No way", "error": {"code": 99999, "message": "No way"}}, Answer.PERMANENT),
        (201, b"not json", Answer.UNKNOWN),
        (201, b'\xff\xfe{"sid": 1}', Answer.UNKNOWN),
        (201, [], Answer.UNKNOWN),
        (201, {}, Answer.UNKNOWN),
        (201, {"sid": None, "messages": []}, Answer.UNKNOWN),
        (201, {"sid": 5, "messages": [{"id": 5}]}, Answer.UNKNOWN),
        (201, {"sid": ["SM"], "messages": "x"}, Answer.UNKNOWN),
        (204, b"", Answer.UNKNOWN),
    ],
)
def test_an_answer_without_a_known_code_goes_by_its_status(
    fake: Provider, call_of: CallOf, status: int, payload: object, answer: Answer
) -> None:
    fake.says = lambda request: Say(status, payload, {"Location": "/elsewhere"} if status == 302 else {})
    outcome = send(call_of(fake))
    assert outcome.answer is answer
    assert outcome.sentence
    assert len(fake.sent) == 1, "nothing is tried again, and no redirect followed"


def test_an_account_of_meta_that_is_not_there_blocks_the_sender(fake: Provider) -> None:
    fake.says = lambda request: meta_error(400, 100, error_subcode=33)
    assert send(cloud(fake)).answer is Answer.REFUSED_SENDER


@BOTH
@pytest.mark.parametrize("fault", ["reset", "close", "half"])
def test_a_connection_that_breaks_after_the_request_leaves_it_unknown(
    fake: Provider, call_of: CallOf, fault: str
) -> None:
    fake.says = lambda request: Say(fault=fault)
    assert send(call_of(fake)).answer is Answer.UNKNOWN
    assert len(fake.sent) == 1


@BOTH
def test_an_answer_that_does_not_come_leaves_it_unknown(
    fake: Provider, call_of: CallOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "READ", 0.2)
    http._pools.cache_clear()
    done = threading.Event()

    def hang(request: object) -> Say:
        done.wait(5)
        return Say()

    fake.says = hang
    try:
        assert send(call_of(fake)).answer is Answer.UNKNOWN
    finally:
        done.set()
        http._pools.cache_clear()
    assert len(fake.sent) == 1


@BOTH
def test_no_connection_means_that_nothing_was_sent(fake: Provider, call_of: CallOf) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        refused = f"http://127.0.0.1:{taken.getsockname()[1]}"
        for base in (refused, "http://provider.invalid", fake.url.replace("http:", "https:")):
            call = call_of(fake)
            outcome = send(dataclasses.replace(call, sender=dataclasses.replace(call.sender, base=base)))
            assert outcome.answer is Answer.NO_CONNECTION, base
            assert "nothing was sent" in outcome.sentence
    assert fake.sent == []


@BOTH
def test_a_sender_that_is_not_set_up_says_what_is_missing(fake: Provider, call_of: CallOf) -> None:
    call = call_of(fake)
    outcome = send(dataclasses.replace(call, sender=Sender()))
    assert outcome.answer is Answer.REFUSED_SENDER
    assert "Settings › Messaging" in outcome.sentence
    assert fake.sent == []


# Retry-After


@BOTH
@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("0", 0), ("-5", 0), ("soon", 0), ("nan", 0), ("1e9", 0), ("999999999", 86_400)],
)
def test_retry_after_is_read_in_seconds(fake: Provider, call_of: CallOf, value: str, seconds: float) -> None:
    fake.says = lambda request: Say(429, {}, {"Retry-After": value})
    assert send(call_of(fake)).retry_after == seconds


def test_retry_after_is_read_as_a_date_by_the_clock_of_the_provider(fake: Provider) -> None:
    now = clock.utcnow().replace(microsecond=0) - dt.timedelta(hours=5)
    until = format_datetime(now + dt.timedelta(seconds=90), usegmt=True)
    reply = http.Reply(429, {"retry-after": until, "date": format_datetime(now, usegmt=True)}, b"")
    assert reply.retry_after() == 90
    assert http.Reply(429, {"retry-after": until}, b"").retry_after() == 0, "five hours ago"


# Connections


def test_many_threads_share_connections(fake: Provider) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(twilio(fake)).provider_id, range(80)))

    assert len(set(answers)) == 80
    assert fake.connections <= 16


def test_a_connection_that_lay_unused_is_not_trusted(fake: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    send(cloud(fake))
    send(cloud(fake))
    assert fake.connections == 1
    monkeypatch.setattr(http, "IDLE", 0)
    assert send(cloud(fake)).answer is Answer.ACCEPTED
    assert fake.connections == 2


def test_a_forked_process_makes_its_own_connections(fake: Provider) -> None:
    send(cloud(fake))
    child = os.fork()
    if child == 0:
        os._exit(0 if send(cloud(fake)).answer is Answer.ACCEPTED else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert fake.connections == 2


def test_no_secret_is_logged(fake: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(twilio(fake))
    send(cloud(fake))
    fake.says = lambda request: twilio_error(401, 20003)
    send(twilio(fake))

    assert TOKEN not in caplog.text
    assert ACCESS not in caplog.text
    assert TOKEN not in repr(twilio(fake))


# Asking what became of a call


def listed(*messages: dict[str, object]) -> Callable[[str], Say]:
    return lambda path: Say(200, {"messages": list(messages), "page": 0, "page_size": 50})


def message(sid: str = "SM1", seconds: float = 1, **values: object) -> dict[str, object]:
    created = format_datetime(clock.utcnow() + dt.timedelta(seconds=seconds))
    return {
        "sid": sid,
        "to": TO,
        "from": SMS_FROM,
        "body": TEXT,
        "status": "delivered",
        "direction": "outbound-api",
        "date_created": created,
        "error_code": None,
        **values,
    }


def ask(fake: Provider, provider_id: str | None = None, *taken: str) -> Found | None:
    call = twilio(fake)
    return gateway_named("twilio").look_up(Question(call, provider_id, clock.utcnow(), frozenset(taken)))


def test_a_lost_answer_is_found_by_everything_that_is_known(fake: Provider) -> None:
    fake.listed = listed(
        message(),
        message("SM2", body="Another text"),
        message("SM3", **{"from": "+15005550001"}),
        message("SM4", seconds=-3_600),
        message("SM5", direction="inbound"),
        message("SM6"),
    )
    assert ask(fake, None, "SM6") == Found("SM1", "delivered")
    assert parse_qs(urlsplit(fake.asked[0]).query)["To"] == [TO]


def test_two_messages_alike_settle_nothing(fake: Provider) -> None:
    fake.listed = listed(message(), message("SM2"))
    assert ask(fake) is None


def test_nothing_found_proves_nothing(fake: Provider) -> None:
    assert ask(fake) is None


@pytest.mark.parametrize(("status", "code"), [("queued", None), ("sent", None), ("undelivered", 30005)])
def test_a_known_id_is_asked_for(fake: Provider, status: str, code: int | None) -> None:
    fake.listed = lambda path: Say(200, message("SM9", status=status, error_code=code))
    assert ask(fake, "SM9") == Found("SM9", status, str(code) if code else None)
    assert fake.asked[0].endswith("/Messages/SM9.json")


@pytest.mark.parametrize(
    "answer", [Say(401, {}), Say(500, b""), Say(200, b"junk"), Say(200, {}), Say(200, []), Say(fault="reset")]
)
def test_a_provider_that_can_not_be_asked_settles_nothing(fake: Provider, answer: Say) -> None:
    fake.listed = lambda path: answer
    assert ask(fake) is None
    assert ask(fake, "SM9") is None


def test_meta_can_not_be_asked(fake: Provider) -> None:
    assert gateway_named("whatsapp_cloud").look_up(Question(cloud(fake), None, clock.utcnow())) is None
