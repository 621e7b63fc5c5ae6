"""A new domain: marketing by e-mail over the day's limit waits for the next day, and nothing else ever waits."""

from __future__ import annotations

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.accounts.models import Organization
from crm.delivery.deliver import deliver_batch
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.messages import warm_up
from crm.messages.channels.email import EMAIL
from crm.messages.channels.sms import SMS
from crm.messages.models import Message
from crm.messages.rules import Status
from crm.values import clock
from tests.consents.test_cap import advert, had
from tests.consents.test_gate import AGREED, outcome
from tests.messages.shop import Shop


@pytest.fixture
def new(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with a new domain that may send two letters on the first day."""
    monkeypatch.setattr(warm_up, "FIRST_DAY", 2)
    shop.set(email_gateway="console", warm_up="yes", cap_day="9", cap_month="99")
    return shop


def customers(shop: Shop, number: int) -> list[int]:
    return [shop.customer(f"Sari {n}", "", email=f"s{n}@mail.example", **AGREED) for n in range(number)]


def began(shop: Shop, days_ago: int) -> None:
    """Let the warm-up have begun earlier."""
    with shop.inside(), transaction() as session:
        organization = session.get_one(Organization, shop.id)
        assert organization.warm_up_since is not None
        organization.warm_up_since -= dt.timedelta(days=days_ago)


def test_each_day_is_twice_the_one_before_until_there_is_no_limit() -> None:
    first = dt.date(2026, 11, 30)
    found = [warm_up.limit_of(first, first + dt.timedelta(days=days)) for days in range(12)]
    assert found[:4] == [200, 400, 800, 1600]
    assert found[9:] == [102_400, None, None]
    assert warm_up.limit_of(first, first - dt.timedelta(days=1)) == 200, "the zone was changed"


def test_what_is_over_the_limit_waits_for_the_next_day(new: Shop) -> None:
    people = customers(new, 5)
    ids = [advert(new, one, EMAIL) for one in people]
    planned = {id_: clock.to_local(new.message(id_).send_at, clock.zone("Asia/Jakarta")) for id_ in ids}
    service = new.schedule(people[4], channel=EMAIL, late=1)
    text = advert(new, new.customer("Budi", "+6281234567891", **AGREED), SMS)
    new.work()
    waiting = [id_ for id_ in ids if new.status(id_) is Status.HELD]
    assert (len(waiting), {outcome(new, id_)[0] for id_ in {*ids, service, text} - {*waiting}}) == (3, {"sent"})
    assert "A new domain: 2 marketing e-mails went out today." in outcome(new, waiting[0])[1]
    zone = clock.zone("Asia/Jakarta")
    tomorrow = clock.to_local(clock.utcnow(), zone).date() + dt.timedelta(days=1)
    for id_ in waiting:
        message = new.message(id_)
        assert new.due_at(id_) == message.send_at, "it expires later, too"
        now = clock.to_local(message.send_at, zone)
        assert (now.date(), now.time()) == (tomorrow, planned[id_].time())
        assert new.next_at(message.customer_id) == message.send_at


def test_the_next_day_sends_twice_as_many(new: Shop) -> None:
    people = customers(new, 7)
    for one in people[:2]:
        had(new, one, 1.5)
    began(new, 1)
    ids = [advert(new, one, EMAIL) for one in people]
    new.work()
    assert sorted(outcome(new, id_)[0] for id_ in ids) == ["held"] * 3 + ["sent"] * 4
    began(new, 20)
    for id_ in ids:
        if new.status(id_) is Status.HELD:
            new.shift(id_, 1)
    new.work()
    assert {outcome(new, id_)[0] for id_ in ids} == {"sent"}


def test_without_the_switch_nothing_waits(new: Shop, owner: FlaskClient) -> None:
    people = customers(new, 6)
    ids = [advert(new, one, EMAIL) for one in people[:4]]
    new.work()
    assert sorted(outcome(new, id_)[0] for id_ in ids) == ["held"] * 2 + ["sent"] * 2
    assert owner.post("/settings/messaging", data={"warm_up": "no"}).status_code == 303
    ids += [advert(new, one, EMAIL) for one in people[4:]]
    for id_ in ids:
        if new.status(id_) is Status.HELD:
            new.shift(id_, 1)
    new.work()
    assert {outcome(new, id_)[0] for id_ in ids} == {"sent"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_saving_again_does_not_begin_anew(new: Shop, owner: FlaskClient) -> None:
    began(new, 5)
    owner.post("/settings/messaging", data={"warm_up": "yes", "cap_day": "3"})
    with new.inside():
        since = db.session.get_one(Organization, new.id).warm_up_since
    assert since is not None
    assert (clock.utcnow().date() - since).days in (4, 5)
    field = re.search(r'<input[^>]*name="warm_up"[^>]*value="yes"[^>]*>', owner.get("/settings/messaging").text)
    assert field is not None
    assert "checked" in field[0]


def test_a_text_for_today_is_not_sent_tomorrow(new: Shop) -> None:
    ids = []
    for one in customers(new, 3):
        id_ = advert(new, one, EMAIL)
        with new.inside(), transaction() as session:
            session.execute(sa.update(Message).where(Message.id == id_).values(body="Only today: cake!"))
        ids.append(id_)
    new.work()
    (held,) = (id_ for id_ in ids if new.status(id_) is Status.HELD)
    due_at = new.due_at(held)
    assert due_at is not None
    assert new.message(held).send_at < clock.utcnow() < due_at, "it was for today, and ends as such a text does"


def test_workers_at_once_keep_the_limit(new: Shop) -> None:
    ids = [advert(new, one, EMAIL) for one in customers(new, 12)]

    def deliver(_number: int) -> None:
        with new.app.app_context():
            while deliver_batch(new.id, 1):
                pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, range(8)))
    assert sorted(outcome(new, id_)[0] for id_ in ids) == ["held"] * 10 + ["sent"] * 2
