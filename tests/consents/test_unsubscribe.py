"""The link in marketing: one request ends it, a look changes nothing, and every provider is handed it (RFC 8058)."""

from __future__ import annotations

import email
import json
import re
from collections.abc import Iterator
from email import policy
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.consents.tokens import token_for
from crm.customers.services import edit_customer
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.email import EMAIL
from crm.messages.channels.sms import SMS
from crm.messages.suppression_models import Suppression
from crm.privacy.erasure import erase
from crm.providers.base import Call, Outcome, Sender
from crm.providers.console.gateway import Console
from crm.providers.letters.message import letter_of
from crm.providers.mailgun.gateway import Mailgun
from crm.providers.postmark.gateway import Postmark
from crm.providers.resend.gateway import Resend
from crm.providers.sendgrid.gateway import Sendgrid
from tests.consents.test_consent import changes, states
from tests.consents.test_gate import AGREED, MAIL, as_marketing, outcome
from tests.messages.shop import Shop

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def stranger(shop: Shop) -> FlaskClient:
    """A mail program: it keeps no cookies."""
    return shop.app.test_client(use_cookies=False)


def sent(shop: Shop, customer: int, channel: Channel) -> str:
    """Send marketing to a customer and return the text that went out."""
    advert = shop.schedule(customer, in_=1, channel=channel)
    as_marketing(shop, advert)
    shop.shift(advert, 1)
    shop.work()
    assert outcome(shop, advert)[0] == "sent"
    return shop.attempts(advert)[-1].body


def link_in(text: str) -> str:
    found = re.search(r"https?://[^/\s]+(/u/\S+)", text)
    assert found, text
    return found[1]


def opted_out(shop: Shop) -> list[tuple[str, str, str]]:
    with shop.inside():
        rows = db.session.scalars(sa.select(Suppression).order_by(Suppression.id))
        return [(row.address, row.purpose.value, row.source.value) for row in rows]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_one_request_ends_marketing_and_again_changes_nothing(
    shop: Shop, stranger: FlaskClient, content_type: str
) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    link = link_in(sent(shop, sari, EMAIL))
    waiting, service = shop.schedule(sari, in_=60, channel=EMAIL), shop.schedule(sari, in_=60, channel=EMAIL)
    as_marketing(shop, waiting)
    for _ in range(2):
        answer = stranger.post(link, data=ONE_CLICK, content_type=content_type)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert "You get no more offers." in answer.text
    assert opted_out(shop) == [(MAIL, "marketing", "unsub")]
    assert states(shop, sari) == ["given", "given", "withdrawn"]
    assert changes(shop, sari)[-1] == ("email", "marketing", "withdrawn", "unsubscribe", MAIL, None)
    assert len(changes(shop, sari)) == 4, "three were given, one withdrawn"
    assert outcome(shop, waiting) == ("suppressed", "The customer unsubscribed by the link in a message.")
    shop.shift(service, 1)
    shop.work()
    assert outcome(shop, service)[0] == "sent"


def test_a_look_changes_nothing(shop: Shop, stranger: FlaskClient) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    link = link_in(sent(shop, sari, EMAIL))
    page = stranger.get(link)
    assert page.status_code == 200
    assert "Stop offers" in page.text
    assert "Set-Cookie" not in page.headers
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert stranger.head(link).status_code == 200
    assert (opted_out(shop), states(shop, sari)[2]) == ([], "given")


def test_it_works_when_the_address_changed_and_when_the_customer_was_erased(shop: Shop, stranger: FlaskClient) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    link = link_in(sent(shop, sari, EMAIL))
    with shop.inside():
        edit_customer(sari, {"email": "sari@other.example"})
    assert stranger.post(link, data=ONE_CLICK).status_code == 200
    assert states(shop, sari)[2] == "withdrawn", "it was this customer who asked"
    budi = shop.customer("Budi", "+6281234567891", email="budi@mail.example", **AGREED)
    link = link_in(sent(shop, budi, EMAIL))
    with shop.inside():
        erase(budi, "Asked for it")
    for _ in range(2):
        assert stranger.post(link, data=ONE_CLICK).status_code == 200
    assert opted_out(shop)[-1][1:] == ("marketing", "unsub")
    assert opted_out(shop)[-1][0].startswith("hidden:")
    again = shop.customer("Budi", "+6281234567892", email="budi@mail.example", **AGREED)
    advert = shop.schedule(again, in_=1, channel=EMAIL)
    as_marketing(shop, advert)
    shop.shift(advert, 1)
    shop.work()
    assert outcome(shop, advert)[0] == "suppressed", "the address that comes back is still on the list"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_forged_links_are_wrong_addresses_and_few(shop: Shop, stranger: FlaskClient) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    genuine = token_of(shop, sari)
    forged = [
        "x",
        genuine[:-1] + ("A" if genuine[-1] != "A" else "B"),
        genuine.replace(".email.", ".phone."),
        genuine.replace(f"{shop.id}.", "999.", 1),
    ]
    missing = stranger.get("/no-such-page")
    for token in forged:
        for answer in (stranger.get(f"/u/{token}"), stranger.post(f"/u/{token}", data=ONE_CLICK)):
            assert (answer.status_code, answer.text) == (404, missing.text), token
    assert {stranger.get("/u/x").status_code for _ in range(25)} == {404, 429}
    assert stranger.post(f"/u/{genuine}", data=ONE_CLICK).status_code == 200, "who has a link is not kept from it"


def token_of(shop: Shop, customer: int) -> str:
    with shop.inside():
        return token_for(shop.id, customer, "email", MAIL)


def test_sms_say_stop_or_have_the_link(shop: Shop, stranger: FlaskClient) -> None:
    sari = shop.customer(**AGREED)
    shop.set(sms_from="+622150010000")
    assert sent(shop, sari, SMS).endswith("\n\nReply STOP for no more offers.")
    budi = shop.customer("Budi", "+6281234567891", language="id", **AGREED)
    shop.set(sms_from="TOKO")
    text = sent(shop, budi, SMS)
    assert "No more offers" not in text, "it is in the customer's language"
    assert stranger.post(link_in(text), data=ONE_CLICK).status_code == 200
    assert states(shop, budi)[:2] == ["withdrawn", "withdrawn"]
    assert opted_out(shop) == [("+6281234567891", "marketing", "unsub")]
    service = shop.schedule(sari, late=1)
    shop.work()
    assert shop.attempts(service)[0].body == "Your cake is ready."


LINK = "https://crm.example/u/" + "x" * 90


def headers_by_provider(unsubscribe: str, *, is_automatic: bool = False) -> Iterator[tuple[str, dict[str, str]]]:
    sender = Sender("Toko <hello@toko.example>", account="mg.toko.example", token="key", base="https://api.example")
    call = Call(
        attempt_id=7,
        message_id=3,
        gateway="",
        channel=EMAIL,
        to=MAIL,
        subject="Cake week",
        body="Come by!",
        sender=sender,
        unsubscribe=unsubscribe,
        is_automatic=is_automatic,
    )
    yield "smtp", dict(email.message_from_bytes(letter_of(call).as_bytes(), policy=policy.SMTP).items())
    postmark = json.loads(Postmark().request(call).body)
    yield "postmark", {row["Name"]: row["Value"] for row in postmark["Headers"]}
    mailgun = parse_qs(Mailgun().request(call).body.decode())
    yield "mailgun", {name[2:]: values[0] for name, values in mailgun.items() if name.startswith("h:")}
    yield "sendgrid", json.loads(Sendgrid().request(call).body)["headers"]
    yield "resend", json.loads(Resend().request(call).body)["headers"]


def test_every_provider_is_handed_the_headers_of_marketing_alone() -> None:
    for provider, headers in headers_by_provider(LINK):
        assert headers["List-Unsubscribe"] == f"<{LINK}>", provider
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click", provider
        assert re.fullmatch(r"offers:[0-9a-f]{12}", headers["Feedback-ID"]), provider
        assert "Auto-Submitted" not in headers, provider
    for provider, headers in headers_by_provider("", is_automatic=True):
        assert not [name for name in headers if name.startswith(("List-", "Feedback-"))], provider
        assert headers["Auto-Submitted"] == "auto-generated", provider


def test_a_letter_of_marketing_is_handed_over_with_its_link(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Call] = []
    send = Console.send

    def noted(self: Console, call: Call) -> Outcome:
        calls.append(call)
        return send(self, call)

    monkeypatch.setattr(Console, "send", noted)
    sari = shop.customer(email=MAIL, **AGREED)
    text = sent(shop, sari, EMAIL)
    shop.schedule(sari, late=1, channel=EMAIL)
    shop.work()
    assert [bool(call.unsubscribe) for call in calls] == [True, False]
    assert calls[0].unsubscribe in text
    assert "/u/" not in calls[1].body


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_consent_that_an_opt_out_stands_in_the_way_of_says_so(shop: Shop, stranger: FlaskClient) -> None:
    customer = shop.customer(email=MAIL, **AGREED)
    link = link_in(sent(shop, customer, EMAIL))
    owner = shop.boss.client()

    def shown() -> list[str]:
        page = owner.get(f"/customers/{customer}").text.partition('id="consents-title"')[2]
        return re.findall("Given|Withdrawn|Opted out", page.partition("</dl>")[0])

    assert shown() == ["Given"] * 3
    stranger.post(link)
    assert sorted(shown()) == ["Given", "Given", "Withdrawn"]
    owner.post(f"/customers/{customer}/consents", data={"channel": "email", "purpose": "marketing", "state": "given"})
    assert sorted(shown()) == ["Given"] * 3 + ["Opted out"]
