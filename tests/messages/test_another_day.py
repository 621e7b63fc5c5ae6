"""A text that speaks of its day goes out on that day, or a person sees to it."""

from __future__ import annotations

import datetime as dt

import pytest

from crm.delivery.batch import Batch
from crm.delivery.send_policy import Decision, Go, Stop, check_policy
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages.bookkeeping import lock_customers
from crm.messages.channels.phones import PHONES
from crm.messages.models import Message
from crm.messages.rules import Status, day_word
from crm.values import clock
from tests.messages.shop import Shop

JAKARTA = clock.zone("Asia/Jakarta")


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("See you today at 3!", "today"),
        ("TOMORROW we are closed.", "TOMORROW"),
        ("Kue Anda siap hari ini.", "hari ini"),
        ("Sampai besok ya", "besok"),
        ("آپ کی میز آج کے لیے ہے", "آج"),
        ("Aaj raat 8 baje", "Aaj"),
        ("Your cake is ready.", None),
        ("Todays Bakery", None),
        ("Besoknya libur", None),
        ("", None),
    ],
)
def test_a_word_for_a_day_is_found(body: str, word: str | None) -> None:
    assert day_word(body) == word


def test_it_goes_to_a_person_once_the_day_is_over(shop: Shop) -> None:
    says_today = shop.schedule(shop.customer(), in_=3600, body="Your table is booked today at 7.")
    says_nothing = shop.schedule(shop.customer("Budi", "0812 0000 1111"), in_=3600)
    send_at = shop.message(says_today).send_at
    midnight = dt.datetime.combine(clock.to_local(send_at, JAKARTA).date() + dt.timedelta(days=1), dt.time(), JAKARTA)

    assert isinstance(judged(shop, says_today, midnight - dt.timedelta(seconds=1)), Go)
    over = midnight + dt.timedelta(seconds=1)
    found = judged(shop, says_today, over)
    assert isinstance(found, Stop)
    assert found.status is Status.EXPIRED
    assert "“today”" in found.reason
    assert isinstance(judged(shop, says_nothing, min(over, send_at + dt.timedelta(hours=23))), Go)


def test_who_sends_by_hand_decides_themselves(shop: Shop) -> None:
    shop.set(sms_gateway="manual")
    id_ = shop.schedule(shop.customer(), in_=3600, body="See you today.")
    assert isinstance(judged(shop, id_, shop.message(id_).send_at + dt.timedelta(hours=25)), Go)


def judged(shop: Shop, message_id: int, now: dt.datetime) -> Decision:
    """Return what the gate says at `now`."""
    with shop.inside(), transaction():
        message = db.session.get_one(Message, message_id)
        batch = Batch(lock_customers([message.customer_id]))
        return check_policy(message, batch.customers[message.customer_id], batch.organization, batch.facts(PHONES), now)
