"""What a provider calls back with, over the network: early, twice, in any order, forged, days late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm.messages.channels.base import Channel
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.rules import Status
from tests.faults import runs
from tests.faults.fake import Fake
from tests.faults.invariants import check
from tests.faults.test_outcomes import wrote_on_whatsapp
from tests.messages.shop import Shop
from tests.product import RunningApp, serve
from tests.servers import wait_for

TWILIO = {
    "{report sent} {report delivered}": Status.DELIVERED,
    "{report sent} {report delivered} {shuffled}": Status.DELIVERED,
    "{twice delivered}": Status.DELIVERED,
    "{early delivered}": Status.DELIVERED,
    "{report sent} {report undelivered}": Status.UNDELIVERED,
    "{forged delivered}": Status.ACCEPTED,
    # The answer was lost, and the report says what became of it.
    "{early delivered} {status 500}": Status.DELIVERED,
}
META = {
    "{report sent} {report delivered} {report read}": Status.READ,
    "{report sent} {report delivered} {report read} {shuffled}": Status.READ,
    "{early sent} {report delivered}": Status.DELIVERED,
    "{forged read}": Status.ACCEPTED,
    "{early delivered} {status 500}": Status.DELIVERED,
}


@pytest.fixture
def web(fake: Fake, environ: dict[str, str], tmp_path: Path) -> Iterator[RunningApp]:
    running = serve(environ, tmp_path / "web.log")
    yield running
    running.web.end()


@pytest.mark.parametrize(
    ("database_url", "channel", "table"),
    [
        ("postgresql", SMS, TWILIO),
        ("sqlite", WHATSAPP, META),
        pytest.param("sqlite", SMS, TWILIO, marks=pytest.mark.long),
        pytest.param("postgresql", WHATSAPP, META, marks=pytest.mark.long),
    ],
    indirect=["database_url"],
)
def test_reports_move_a_message_forward_only(
    shop: Shop,
    fake: Fake,
    web: RunningApp,
    environ: dict[str, str],
    tmp_path: Path,
    channel: Channel,
    table: dict[str, Status],
) -> None:
    shop.set(sms_gateway="twilio", whatsapp_gateway="whatsapp_cloud")
    ids = {}
    for place, text in enumerate(table):
        person = shop.customer(f"Person {place}", phone=f"0812-3456-78{place:02}")
        wrote_on_whatsapp(shop, person)
        ids[text] = shop.schedule(person, channel=channel, body=f"{text} {place}", late=5)

    with runs.crew(environ | {"MESSAGE_UNCONFIRMED_AFTER": "60"}, tmp_path, 1) as crew:
        wait_for(lambda: {text: shop.status(id_) for text, id_ in ids.items()} == table, "each has its state", 40)
        time.sleep(1)
        assert crew.no_traceback()

    assert {text: shop.status(id_) for text, id_ in ids.items()} == table
    callbacks = fake.state()["callbacks"]
    assert callbacks.pop("forged 403") == 1
    assert set(callbacks) <= {"200", "204"}, "all others were taken"
    check(shop, fake, count=len(ids))


def test_a_report_that_comes_days_late_is_still_heard(
    shop: Shop, fake: Fake, web: RunningApp, environ: dict[str, str], tmp_path: Path
) -> None:
    shop.set(sms_gateway="twilio")
    id_ = shop.schedule(shop.customer(), late=5)
    with runs.crew(environ | {"MESSAGE_NO_REPORT_AFTER": "1"}, tmp_path, 1):
        wait_for(lambda: shop.status(id_) is Status.NO_REPORT, "nothing was heard for long")

    fake.report(fake.accepted()[0]["sid"], "delivered")

    assert shop.status(id_) is Status.DELIVERED
    assert check(shop, fake, count=1) == {"delivered": 1}
