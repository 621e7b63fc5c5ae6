"""What customers say by a channel, on their page or at a provider changes their consent, and proves it."""

from __future__ import annotations

import pytest

from crm.customers.rules import Consent, ConsentSource
from crm.customers.services import edit_customer
from crm.delivery import reports
from crm.inbox.inbound import Incoming, receive
from crm.kernel.db import transaction
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.phones import PHONES
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.suppression_models import OptOutSource, Purpose
from crm.opt_outs import services
from crm.providers.base import Reported
from tests.consents.test_consent import changes, states
from tests.consents.test_gate import AGREED, MAIL, as_marketing, outcome
from tests.factories import make_attempt, make_customer
from tests.messages.shop import E164, Shop


def text(shop: Shop, body: str, id_: str) -> None:
    with shop.app.app_context():
        receive(shop.id, [Incoming("twilio", id_, SMS, E164, "+622150010000", body)])


def last(shop: Shop, customer: int) -> tuple[str, str, str]:
    channel, _purpose, state, source, _address, _user = changes(shop, customer)[-1]
    return channel, state, source


def test_stop_withdraws_for_all_whose_number_it_is_and_start_gives_by_its_channel(shop: Shop) -> None:
    sari, family = shop.customer(email=MAIL, **AGREED), shop.customer("Budi", E164)
    text(shop, "STOP", "1")
    for customer in (sari, family):
        assert states(shop, customer)[:2] == ["withdrawn", "withdrawn"]
    assert states(shop, sari)[2] == "given", "the number says nothing about mail"
    assert changes(shop, sari)[-1] == ("whatsapp", "marketing", "withdrawn", "stop", E164, None)
    text(shop, "START", "2")
    assert states(shop, sari)[:2] == ["given", "withdrawn"]
    assert last(shop, sari) == ("sms", "given", "start")


def test_start_lifts_nothing_that_staff_wrote_down(shop: Shop) -> None:
    sari = shop.customer(**AGREED)
    with shop.inside():
        edit_customer(sari, {"marketing_sms": Consent.WITHDRAWN})
    with shop.inside():
        services.put_on(E164, PHONES, OptOutSource.PROVIDER)
    assert last(shop, sari) == ("whatsapp", "withdrawn", "provider")
    text(shop, "START", "1")
    assert states(shop, sari)[0] == "withdrawn", "it was staff who withdrew it"


def test_a_complaint_withdraws_and_stops_what_waits(shop: Shop) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    advert, service = shop.schedule(sari, in_=60), shop.schedule(sari, in_=60)
    as_marketing(shop, advert)
    with shop.inside():
        with transaction():
            services.note_down(MAIL, EMAILS, OptOutSource.COMPLAINT, purpose=Purpose.MARKETING)
        services.stop_pending([(MAIL, EMAILS)])
    assert states(shop, sari) == ["given", "given", "withdrawn"]
    assert last(shop, sari) == ("email", "withdrawn", "complaint")
    assert outcome(shop, advert)[0] == outcome(shop, service)[0] == "scheduled", "SMS are another address"


def test_mail_that_comes_back_and_the_list_of_staff_say_nothing_about_consent(shop: Shop) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    with shop.inside():
        services.put_on(MAIL, EMAILS, OptOutSource.BOUNCE)
        services.put_on(E164, PHONES, OptOutSource.STAFF)
    assert states(shop, sari) == ["given", "given", "given"]


def test_whatsapps_word_about_marketing_is_about_whatsapp(shop: Shop) -> None:
    with shop.inside():
        sari = make_customer(name="Sari", phone=E164, **AGREED)
        attempt = make_attempt(customer_id=sari, gateway="whatsapp_cloud", channel=WHATSAPP)
    with shop.app.app_context():
        reports.take(shop.id, [Reported(attempt, "failed", "wamid.1", "131050", None, "")])
    assert states(shop, sari) == ["given", "withdrawn", "given"]
    assert last(shop, sari) == ("whatsapp", "withdrawn", "provider")
    with shop.inside(), transaction():
        assert not services.is_on(E164, PHONES)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_source_has_words(shop: Shop) -> None:
    assert all(source.label for source in ConsentSource)
