"""Marketing goes to those who agreed and did not opt out, and the send policy says why to nobody else."""

from __future__ import annotations

import pytest

from crm.customers.rules import Consent, MessagePurpose
from crm.customers.services import edit_customer
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.models import Message
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs import services as opt_outs
from tests.consents.conftest import Api
from tests.messages.shop import E164, Shop

AGREED = dict.fromkeys(("marketing_sms", "marketing_whatsapp", "marketing_email"), Consent.GIVEN)
MAIL = "sari@mail.example"


def outcome(shop: Shop, id_: int) -> tuple[str, str]:
    with shop.inside():
        message = db.session.get_one(Message, id_)
        return message.status.value, message.reason


def as_marketing(shop: Shop, id_: int) -> None:
    with shop.inside(), transaction() as session:
        session.get_one(Message, id_).purpose = MessagePurpose.MARKETING


@pytest.mark.parametrize(("channel", "name"), [(SMS, "SMS"), (WHATSAPP, "WhatsApp"), (EMAIL, "E-mail")])
def test_consent_withdrawn_between_scheduling_and_sending_holds(shop: Shop, channel: str, name: str) -> None:
    sari, budi = shop.customer(email=MAIL, **AGREED), shop.customer("Budi", "+6281234567891", email="budi@mail.example")
    advert, service = (shop.schedule(sari, in_=1, channel=channel) for _ in range(2))  # type: ignore[arg-type]
    as_marketing(shop, advert)
    never_asked = shop.schedule(budi, in_=1, channel=channel)  # type: ignore[arg-type]
    as_marketing(shop, never_asked)
    with shop.inside():
        edit_customer(sari, dict.fromkeys(AGREED, Consent.WITHDRAWN))
    for id_ in (advert, service, never_asked):
        shop.shift(id_, 1)
    shop.work()
    refused = ("suppressed", f"No consent for marketing by {name}.")
    assert outcome(shop, advert) == outcome(shop, never_asked) == refused
    assert "No consent" not in outcome(shop, service)[1]


def test_an_opt_out_of_marketing_stops_marketing_alone(shop: Shop) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    advert, service = (shop.schedule(sari, in_=1, channel=EMAIL) for _ in range(2))
    as_marketing(shop, advert)
    with shop.inside(), transaction():
        opt_outs.note_down(MAIL, EMAILS, OptOutSource.COMPLAINT, purpose=Purpose.MARKETING)
    with shop.inside(), transaction():
        edit_customer(sari, AGREED)
    for id_ in (advert, service):
        shop.shift(id_, 1)
    shop.work()
    assert outcome(shop, advert)[0] == "suppressed"
    assert outcome(shop, service)[0] == "sent"


def test_with_consent_it_goes(shop: Shop, api: Api) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    at = shop.soon().isoformat()
    made = api.post(
        f"customers/{sari}/messages/", channel="sms", body="Cake week!", send_at=at, purpose="marketing"
    ).json
    assert made["purpose"] == "marketing"
    assert api.get(f"messages/{made['id']}/")["purpose"] == "marketing"
    shop.shift(made["id"], 1)
    shop.work()
    assert outcome(shop, made["id"])[0] == "sent"
    usual = api.post(f"customers/{sari}/messages/", channel="sms", body="Ready.", send_at=at).json
    assert usual["purpose"] == "service"


def test_the_api_refuses_marketing_without_consent(shop: Shop, api: Api) -> None:
    sari = shop.customer()
    given = {"channel": "sms", "body": "Cake week!", "send_at": shop.soon().isoformat()}
    refused = api.post(f"customers/{sari}/messages/", **given, purpose="marketing")
    assert refused.status_code == 400
    assert refused.json["error"] == "No consent for marketing by SMS."
    wrong = api.post(f"customers/{sari}/messages/", **given, purpose="fun")
    assert wrong.json["errors"]["purpose"] == ["Choose service or marketing."]
    assert api.post(f"customers/{sari}/messages/", **given).status_code == 201, E164
