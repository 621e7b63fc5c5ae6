"""Campaigns whose workers are killed, paused, resumed and stopped at any moment: nobody is lost, nobody is twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from crm.campaigns import services
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.outcomes import Sums, sums_of
from crm.campaigns.rules import Part, State, Sum
from crm.customers.models import Customer
from crm.customers.rules import Consent
from crm.kernel.db import transaction
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.messages.channels.base import Channel
from crm.messages.channels.email import EMAIL
from crm.messages.channels.sms import SMS
from crm.messages.models import Message
from crm.segments.services import add as add_segment
from tests.faults import runs
from tests.faults.fake import Fake
from tests.faults.invariants import check
from tests.faults.mail_server import mail_server
from tests.messages.shop import Shop
from tests.servers import Process, free_port

POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
TWINS = 5
"""Of so many customers one has the number of the one before."""

HOLDS_WITHIN = 5
"""Seconds from a pause until nothing goes out any more."""


@POSTGRESQL
@pytest.mark.parametrize(("count", "kills"), [(400, 4), pytest.param(10_000, 50, marks=pytest.mark.long)])
def test_nobody_is_lost_and_nobody_gets_it_twice(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path, count: int, kills: int
) -> None:
    shop.set(sms_gateway="twilio")
    # Slow enough for all kills to come before the end.
    fake.order("hang_after 3" if count > 1_000 else "hang_after 0.3")
    campaign = begin(shop, count, SMS)
    with runs.crew(environ, tmp_path, 4 if count > 1_000 else 2) as crew:
        paused = storm(shop, campaign, crew, kills, lambda: len(fake.accepted()), 120 + count / 20)
    sums = sums_now(shop, campaign)
    treated = count - sums.by_sum[Sum.HELD_OUT] - sums.by_sum[Sum.SKIPPED]
    assert state(shop, campaign) is State.DONE
    assert sums.by_sum[Sum.SKIPPED] == count // TWINS
    assert sums.by_sum[Sum.HANDED_OVER] + sums.by_sum[Sum.COULD_NOT_CONFIRM] == treated
    check(shop, fake, count=treated)
    numbers = Counter(row["to"] for row in fake.accepted())
    assert max(numbers.values()) == 1, "a number got it twice"
    assert paused


@pytest.mark.parametrize(
    ("database_url", "count", "kills"),
    [("sqlite", 200, 2), pytest.param("postgresql", 10_000, 50, marks=pytest.mark.long)],
    indirect=["database_url"],
)
def test_nobody_gets_a_letter_twice(
    shop: Shop, environ: dict[str, str], tmp_path: Path, count: int, kills: int
) -> None:
    """The mail server loses connections too; a letter of which nobody can tell is not sent again."""
    shop.set(email_gateway="smtp", email_from="hello@shop.example")
    port, workers = free_port(), 4 if count > 1_000 else 1
    environ |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none"}
    with mail_server(port, pause=0.05, loses_before=count > 1_000) as sink:
        campaign = begin(shop, count, EMAIL)
        with runs.crew(environ, tmp_path, workers) as crew:
            storm(shop, campaign, crew, kills, lambda: sink.received.total(), 120 + count / 10)
    sums = sums_now(shop, campaign)
    treated = count - sums.by_sum[Sum.HELD_OUT]
    assert sums.by_sum[Sum.HANDED_OVER] + sums.by_sum[Sum.COULD_NOT_CONFIRM] == treated
    assert max(sink.received.values()) == 1, "an address got it twice"
    assert sums.by_sum[Sum.HANDED_OVER] <= sink.received.total() <= treated
    assert sink.lost_after <= sums.by_sum[Sum.COULD_NOT_CONFIRM]


@POSTGRESQL
def test_what_is_stopped_ends_at_once_and_the_sums_close(
    shop: Shop, fake: Fake, environ: dict[str, str], tmp_path: Path
) -> None:
    shop.set(sms_gateway="twilio")
    fake.order("hang_after 0.3")
    campaign = begin(shop, 400, SMS)
    with runs.crew(environ, tmp_path, 2) as crew:
        wait_for_some(shop, campaign, 20)
        crew.replace_oldest(Process.kill)
        with shop.inside():
            services.stop(campaign)
        assert sums_now(shop, campaign).by_sum[Sum.WAITING] == 0
        runs.wait_for_the_end(shop, 90)
    sums = sums_now(shop, campaign)
    assert sums.by_sum[Sum.STOPPED] > 0
    over = (Sum.HELD_OUT, Sum.SKIPPED, Sum.HANDED_OVER, Sum.COULD_NOT_CONFIRM, Sum.STOPPED)
    assert sum(sums.by_sum[each] for each in over) == 400
    with shop.inside():
        made = db.session.scalars(sa.select(sa.func.count(Message.id))).one()
    check(shop, fake, count=made)


def begin(shop: Shop, count: int, channel: Channel) -> int:
    """Give the shop `count` customers who agreed, and schedule a campaign to them; return its id."""
    with shop.inside():
        with transaction() as session:
            session.add_all(
                Customer(
                    name=f"Customer {number}",
                    name_key=f"customer {number}",
                    phone=f"+62812{10_000_000 + number - (number % TWINS == 1)}",
                    phone_valid=True,
                    email=f"customer{number}@mail.example",
                    marketing_sms=Consent.GIVEN,
                    marketing_email=Consent.GIVEN,
                )
                for number in range(count)
            )
        values = {"name": "News", "channel": channel, "subject": "News", "body": "Hi {name}", "hold_out": 10}
        campaign = services.add({**values, "segment_id": add_segment("Everybody", {}).id})
        return services.schedule(campaign.id).id


def storm(shop: Shop, campaign: int, crew: runs.Crew, kills: int, arrived: Callable[[], int], seconds: float) -> int:
    """Kill workers, pause and resume at random until the campaign is done; return how often a pause held."""
    draw, deadline, killed, held = random.Random(1), time.monotonic() + seconds, 0, 0
    wait_for_some(shop, campaign, 5)
    while state(shop, campaign) is not State.DONE:
        assert time.monotonic() < deadline, (killed, sums_now(shop, campaign).by_sum)
        sums_now(shop, campaign)
        if killed < kills:
            crew.replace_oldest(Process.kill)
            killed += 1
        if draw.random() < 0.5 or not held:
            held += pause(shop, campaign, arrived)
        time.sleep(draw.random() * 2)
    assert killed == kills, "it was over before its workers were killed"
    return held


def pause(shop: Shop, campaign: int, arrived: Callable[[], int]) -> bool:
    """Pause for a while, and see that nothing goes out; False where it was over already."""
    try:
        with shop.inside():
            services.pause(campaign)
        sums_now(shop, campaign)
        time.sleep(HOLDS_WITHIN)
        before = arrived()
        time.sleep(1)
        assert arrived() == before, "it was paused"
        with shop.inside():
            services.resume(campaign)
    except ConflictError:
        return False
    return True


def sums_now(shop: Shop, campaign: int) -> Sums:
    """Return the sums, and see that they add up to the rows, of which none has gone."""
    with shop.inside():
        sums = sums_of(campaign)
        rows = sa.select(sa.func.count(CampaignRecipient.id)).where(CampaignRecipient.campaign_id == campaign)
        assert sums.recipients == db.session.scalars(rows).one()
        assert sum(sums.skipped_by.values()) == sums.by_sum[Sum.SKIPPED]
        held = rows.where(CampaignRecipient.part == Part.HELD_OUT)
        assert sums.by_sum[Sum.HELD_OUT] == db.session.scalars(held).one()
    return sums


def state(shop: Shop, campaign: int) -> State:
    with shop.inside():
        return db.session.get_one(Campaign, campaign).state


def wait_for_some(shop: Shop, campaign: int, least: int) -> None:
    """Wait until so many messages are with the provider."""
    deadline = time.monotonic() + 60
    # While it starts, its rows come between two looks.
    while state(shop, campaign) is State.SCHEDULED or sums_now(shop, campaign).by_sum[Sum.HANDED_OVER] < least:
        assert time.monotonic() < deadline, sums_now(shop, campaign).by_sum
        time.sleep(0.1)
