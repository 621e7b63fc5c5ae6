"""Each row of the contract's table of outcomes, by a worker that talks to a provider over the network."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.messages.channels.base import Channel
from crm.messages.channels.phones import PHONES
from crm.messages.channels.registry import channels_of
from crm.messages.inbound_models import InboundMessage
from crm.messages.rules import Status
from crm.providers.twilio.gateway import Twilio
from crm.values import clock
from tests.faults import runs
from tests.faults.fake import Fake
from tests.faults.invariants import check
from tests.messages.shop import Shop
from tests.providers.fake import WHATSAPP_FROM
from tests.servers import wait_for

BOTH = ("sqlite", "postgresql")
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TABLE = {
    "Your cake is ready.": {Status.ACCEPTED},
    "{refuse 21211}": {Status.FAILED},
    "{refuse 21614}": {Status.FAILED},
    "{limit 600}": {Status.RETRY_WAIT},
    "{status 500}": {Status.UNCONFIRMED},
    "{status 503}": {Status.UNCONFIRMED},
    "{reset_before}": {Status.UNCONFIRMED},
    # It went out, and the answer was lost: the provider may be asked for it.
    "{reset_after}": {Status.UNCONFIRMED, Status.ACCEPTED, Status.SENT},
    "{garbage}": {Status.UNCONFIRMED, Status.ACCEPTED, Status.SENT},
    "{hang_after 12}": {Status.UNCONFIRMED, Status.ACCEPTED, Status.SENT},
    "{refuse 21610}": {Status.SUPPRESSED},
}


@pytest.mark.parametrize(
    ("database_url", "channel"),
    [
        # Each channel on one of the databases, and on both in the long run.
        pytest.param(kind, channel, marks=() if (place + other) % 2 else pytest.mark.long)
        for place, channel in enumerate(channels_of(PHONES))
        for other, kind in enumerate(BOTH)
    ],
    indirect=["database_url"],
)
def test_every_outcome_has_its_state(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path, channel: Channel
) -> None:
    shop.set(sms_gateway="twilio", whatsapp_gateway="twilio")
    ids = {}
    for place, text in enumerate(TABLE):
        person = shop.customer(f"Person {place}", phone=f"0812-3456-78{place:02}")
        wrote_on_whatsapp(shop, person)
        ids[text] = shop.schedule(person, channel=channel, body=f"{text} {place}", late=5)

    # West of the shop, where it is another day: the host's zone makes no difference.
    with runs.crew(environ | {"TZ": "Pacific/Honolulu"}, tmp_path, 1) as crew:
        wait_for(lambda: all(shop.status(id_) in TABLE[text] for text, id_ in ids.items()), "each has its state", 40)
        time.sleep(1)
        assert crew.no_traceback()

    assert {text: shop.status(id_) for text, id_ in ids.items() if shop.status(id_) not in TABLE[text]} == {}
    check(shop, fake, count=len(ids))
    for text, id_ in ids.items():
        if shop.status(id_) not in (Status.ACCEPTED, Status.SENT):
            assert shop.message(id_).reason, text


@SQLITE
def test_where_nobody_answers_it_is_tried_again(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path
) -> None:
    runs.load(shop, 40)
    fake.refuse_connections(600)

    with runs.crew(environ, tmp_path, 1):
        wait_for(lambda: set(runs.states(shop)) == {"retry_wait"}, "all wait for the next try")

    assert check(shop, fake, count=40) == {"retry_wait": 40}
    assert fake.accepted() == []


@SQLITE
@pytest.mark.parametrize(("count", "seconds"), [(120, 15), pytest.param(200, 25, marks=pytest.mark.long)])
def test_a_refused_account_is_not_hammered_and_all_goes_once_it_is_taken(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path, count: int, seconds: int
) -> None:
    runs.load(shop, count)
    fake.order("status 401")

    with runs.crew(environ, tmp_path, 1):
        wait_for(lambda: set(runs.states(shop)) == {"held"}, "all wait")
        asked = fake.state()["requests"]
        time.sleep(seconds)
        assert asked <= Twilio.max_calls
        assert 1 <= fake.state()["requests"] - asked <= 3, "one probe in ten seconds"
        fake.forget()
        runs.wait_for_the_end(shop, 40)

    assert check(shop, fake, count=count) == {"accepted": count}


def wrote_on_whatsapp(shop: Shop, customer_id: int) -> None:
    """Let a customer have written, so that WhatsApp takes a text."""
    with shop.inside(), transaction() as session:
        phone = session.get_one(Customer, customer_id).phone
        values = {"gateway": "twilio", "provider_id": f"SM{customer_id}", "channel": "whatsapp", "body": "Hello"}
        session.add(InboundMessage(sender=phone, recipient=WHATSAPP_FROM, sent_at=clock.utcnow(), **values))
