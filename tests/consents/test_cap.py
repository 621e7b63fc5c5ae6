"""How often customers get marketing: counted over all channels, for who had enough it is skipped and not put off."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.consents.reach import can_be_reached
from crm.customers.models import Customer
from crm.customers.rules import Consent, MessagePurpose
from crm.delivery.deliver import deliver_batch
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.email import EMAIL
from crm.messages.channels.sms import SMS
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.values import clock
from tests.consents.test_gate import AGREED, MAIL, as_marketing, outcome
from tests.factories import make_invoice, make_message
from tests.messages.shop import Shop

THREADS = 20


def advert(shop: Shop, customer: int, channel: Channel = SMS) -> int:
    """Schedule marketing that is due now."""
    id_ = shop.schedule(customer, in_=1, channel=channel)
    as_marketing(shop, id_)
    shop.shift(id_, 1)
    return id_


def had(shop: Shop, customer: int, days_ago: float, status: Status = Status.SENT) -> None:
    at = clock.utcnow() - dt.timedelta(days=days_ago)
    with shop.inside():
        make_message(
            customer_id=customer,
            purpose=MessagePurpose.MARKETING,
            status=status,
            status_at=at,
            send_at=at,
            handed_over_at=at if status is Status.SENT else None,
        )


def test_one_a_day_over_all_channels_and_never_a_message_about_their_business(shop: Shop) -> None:
    sari = shop.customer(email=MAIL, **AGREED)
    first = advert(shop, sari)
    shop.work()
    second, service = advert(shop, sari, EMAIL), shop.schedule(sari, late=1)
    shop.work()
    assert outcome(shop, first)[0] == "sent"
    assert outcome(shop, second) == ("canceled", "Skipped: had 1 in 24 hours.")
    assert outcome(shop, service)[0] == "sent"


def test_four_a_month_as_the_owner_wishes(shop: Shop, owner: FlaskClient) -> None:
    sari, budi = shop.customer(**AGREED), shop.customer("Budi", "+6281234567891", **AGREED)
    for days in (2, 9, 20, 29):
        had(shop, sari, days)
    for days, status in ((2, Status.SENT), (9, Status.UNCONFIRMED), (20, Status.FAILED), (31, Status.SENT)):
        had(shop, budi, days, status)
    skipped, goes = advert(shop, sari), advert(shop, budi)
    shop.work()
    assert outcome(shop, skipped) == ("canceled", "Skipped: had 4 in 30 days.")
    assert outcome(shop, goes)[0] == "sent", "what failed and what is long ago does not count"
    assert owner.post("/settings/messaging", data={"cap_month": "5", "cap_day": "2"}).status_code == 303
    more = advert(shop, sari)
    shop.work()
    assert outcome(shop, more)[0] == "sent"
    page = owner.get("/settings/messaging").text
    assert 'value="5"' in page
    assert owner.post("/settings/messaging", data={"cap_day": "none"}).status_code == 422


def test_twenty_at_once_send_one(shop: Shop) -> None:
    sari = shop.customer(**AGREED)
    ids = [advert(shop, sari) for _ in range(THREADS)]

    def deliver(_number: int) -> None:
        with shop.app.app_context():
            while deliver_batch(shop.id, 1):
                pass

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(deliver, range(THREADS)))
    shop.work()
    outcomes = sorted(outcome(shop, id_) for id_ in ids)
    assert outcomes == [("canceled", "Skipped: had 1 in 24 hours.")] * (THREADS - 1) + [("sent", "")]


def test_two_in_one_batch_send_one(shop: Shop) -> None:
    sari = shop.customer(**AGREED)
    ids = [advert(shop, sari), advert(shop, sari)]
    shop.work()
    assert [outcome(shop, id_)[0] for id_ in ids] == ["sent", "canceled"]


def test_buyers_count_as_having_agreed_only_where_the_owner_says_so(shop: Shop, owner: FlaskClient) -> None:
    buyer, other = shop.customer(), shop.customer("Budi", "+6281234567891")
    gone = shop.customer("Ani", "+6281234567892", marketing_sms=Consent.WITHDRAWN)
    with shop.inside():
        for customer in (buyer, gone):
            make_invoice(customer)
    refused = advert(shop, buyer)
    shop.work()
    assert outcome(shop, refused)[0] == "suppressed"
    assert owner.post("/settings/messaging", data={"soft_opt_in": "yes"}).status_code == 303
    goes = [advert(shop, customer) for customer in (buyer, other, gone)]
    shop.work()
    assert [outcome(shop, id_)[0] for id_ in goes] == ["sent", "suppressed", "suppressed"]
    with shop.inside():
        assert list(db.session.scalars(sa.select(Customer.id).where(can_be_reached(SMS)))) == [buyer]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_unknown_outcome_counts(shop: Shop) -> None:
    sari = shop.customer(**AGREED)
    first = advert(shop, sari)
    with shop.inside(), transaction() as session:
        session.get_one(Message, first).body = "Cake week! [unknown]"
    shop.app.config["MESSAGE_CONSOLE_ORDERS"] = True
    shop.work()
    assert outcome(shop, first)[0] == "unknown"
    second = advert(shop, sari)
    shop.work()
    assert outcome(shop, second)[0] == "canceled"
