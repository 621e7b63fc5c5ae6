"""The provider of these tests does as it is told, and what our gateways make of it is what the contract says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers import http as provider_http
from crm.providers.base import Answer, Call, Outcome, Sender
from crm.providers.registry import gateway_named
from tests.faults.fake import Fake, fake_provider
from tests.providers.fake import ACCESS, ACCOUNT, NUMBER_ID, SMS_FROM, TOKEN, WHATSAPP_FROM
from tests.servers import wait_for

TO = "+6281234567890"


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fake]:
    with fake_provider(tmp_path_factory.mktemp("provider")) as running:
        yield running


def send(fake: Fake, gateway: str, body: str, attempt: int = 7) -> Outcome:
    base = f"http://127.0.0.1:{fake.port}"
    sender = Sender(SMS_FROM, ACCOUNT, TOKEN, base=base, callback="http://127.0.0.1:9")
    channel = SMS
    if gateway == "whatsapp_cloud":
        sender, channel = Sender(WHATSAPP_FROM, NUMBER_ID, ACCESS, base=base), WHATSAPP
    return gateway_named(gateway).send(Call(attempt, 3, gateway, channel, TO, body, sender=sender))


@pytest.mark.parametrize("gateway", ["twilio", "whatsapp_cloud"])
@pytest.mark.parametrize(
    ("order", "answer", "accepted"),
    [
        ("", Answer.ACCEPTED, 1),
        ("{refuse CODE}", Answer.OPTED_OUT, 0),
        ("{status 401}", Answer.REFUSED_SENDER, 0),
        ("{limit 30}", Answer.RATE_LIMITED, 0),
        ("{status 500}", Answer.UNKNOWN, 0),
        ("{reset_before}", Answer.UNKNOWN, 0),
        ("{reset_after}", Answer.UNKNOWN, 1),
        ("{garbage}", Answer.UNKNOWN, 1),
        ("{hang_before 9}", Answer.UNKNOWN, 0),
        ("{hang_after 9}", Answer.UNKNOWN, 1),
    ],
)
def test_it_does_as_the_text_says(
    fake: Fake, gateway: str, order: str, answer: Answer, accepted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_http, "READ", 0.5)
    provider_http._pools.cache_clear()
    before = len(fake.accepted())
    code = "21610" if gateway == "twilio" else "131050"

    outcome = send(fake, gateway, f"{order} Your cake is ready.".replace("CODE", code))

    assert outcome.answer is answer
    rows = fake.accepted()[before:]
    assert [row["attempt"] for row in rows] == [7] * accepted
    if answer is Answer.RATE_LIMITED:
        assert outcome.retry_after == 30
    if answer is Answer.ACCEPTED:
        assert outcome.provider_id == rows[0]["sid"]
    monkeypatch.undo()
    provider_http._pools.cache_clear()


def test_orders_come_by_its_control_too(fake: Fake) -> None:
    fake.order("limit 5", match="cake", times=1)

    answers = [send(fake, "twilio", text).answer for text in ("bread", "cake", "cake")]

    assert answers == [Answer.ACCEPTED, Answer.RATE_LIMITED, Answer.ACCEPTED]


def test_it_refuses_connections_for_a_while(fake: Fake) -> None:
    fake.refuse_connections(1)
    assert send(fake, "twilio", "x").answer is Answer.NO_CONNECTION
    wait_for(lambda: send(fake, "twilio", "x").answer is Answer.ACCEPTED, "it is there again")


def test_it_refuses_what_breaks_the_rules(fake: Fake) -> None:
    assert send(fake, "twilio", "x" * 1_601).answer is not Answer.ACCEPTED
    assert fake.state()["broken"][-1] == "Body has 1601 characters"
