"""Seeing what becomes of messages: the list with its search, an open page that keeps up, the worker's silence."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crm.customers import search
from crm.kernel import health
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.messages import queries
from crm.messages.channels.whatsapp import WHATSAPP
from crm.values import clock
from tests.messages.shop import Shop

POLL = {"HX-Request": "true", "HX-Target": "reminders"}


def listed(browser: FlaskClient, query: str) -> list[int]:
    page = browser.get(f"/messages?{query}")
    assert page.status_code == 200
    return [int(id_) for id_ in re.findall(r'<tr id="message-(\d+)"', page.text)]


@pytest.fixture
def cakes(shop: Shop) -> list[int]:
    """A message each to Sari, José and Budi, the last one due first."""
    sari = shop.schedule(shop.customer("Sari"), in_=3600, body="Your CAKE is ready.")
    jose = shop.schedule(shop.customer("José", "0813-1111-2222"), in_=2400, body="100% of the bread_rolls")
    budi = shop.schedule(
        shop.customer("Budi", "0815-7777-8888"), in_=1200, body="See you, Sari says hi.", channel=WHATSAPP
    )
    return [sari, jose, budi]


def test_messages_are_found_by_customer_number_and_text(shop: Shop, owner: FlaskClient, cakes: list[int]) -> None:
    sari, jose, budi = cakes

    assert listed(owner, "") == [sari, jose, budi]
    assert listed(owner, "q=jose") == [jose]
    assert listed(owner, "q=0815+7777") == [budi]
    assert listed(owner, "q=cake") == [sari]
    assert listed(owner, "q=sari") == [sari, budi]
    assert listed(owner, "q=sari&channel=whatsapp") == [budi]
    assert listed(owner, "q=sari&status=canceled") == []


@pytest.mark.parametrize(("typed", "place"), [("0%25+of", 1), ("bread_", 1), ("readXrolls", None), ("_____", None)])
def test_wildcards_are_just_characters(
    shop: Shop, owner: FlaskClient, cakes: list[int], typed: str, place: int | None
) -> None:
    assert listed(owner, f"q={typed}") == ([] if place is None else [cakes[place]])


def test_a_name_that_very_many_share_is_looked_for_among_the_latest_messages(
    shop: Shop, owner: FlaskClient, cakes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_COUNT", 0)
    monkeypatch.setattr(queries, "SEARCHED", 2)
    jose = cakes[1]

    assert listed(owner, "q=jose") == [jose]
    assert listed(owner, "q=budi") == []


def test_a_search_that_finds_nothing_says_so(shop: Shop, owner: FlaskClient, cakes: list[int]) -> None:
    page = owner.get("/messages?q=zzzz").text
    assert "No messages match “zzzz”" in page
    assert "Clear search" in page


def test_the_fragment_of_a_search_is_the_list_alone(shop: Shop, owner: FlaskClient, cakes: list[int]) -> None:
    part = owner.get("/messages?q=jose", headers={"HX-Request": "true"}).text
    assert part.lstrip().startswith('<div class="results"')
    assert f"message-{cakes[1]}" in part


def seen_by(page: str) -> str:
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found
    return found[1]


def test_an_open_page_hears_of_a_new_reminder_and_only_then(shop: Shop, owner: FlaskClient) -> None:
    seen = seen_by(owner.get("/").text)
    assert owner.get(f"/?seen={seen}", headers=POLL).status_code == 204

    id_ = shop.schedule(shop.customer(), channel=WHATSAPP, late=60)
    shop.work()

    answer = owner.get(f"/?seen={seen}", headers=POLL)
    assert answer.status_code == 200
    assert f'id="message-{id_}"' in answer.text
    assert owner.get(f"/?seen={seen_by(answer.text)}", headers=POLL).status_code == 204


def test_a_worker_that_stopped_is_told_on_open_pages(shop: Shop, owner: FlaskClient) -> None:
    with shop.app.app_context():
        health.beat("worker")
    seen = seen_by(owner.get("/").text)
    shop.app.extensions[health.STARTED] -= 120

    assert owner.get(f"/?seen={seen}", headers=POLL).status_code == 204

    with shop.app.app_context(), transaction():
        past = clock.utcnow() - dt.timedelta(seconds=90)
        db.session.execute(sa.update(health.WorkerBeat).values(beat_at=past))

    told = owner.get(f"/?seen={seen}", headers=POLL).text
    assert "Messages are not being sent" in told
    assert "was last seen" in told
    assert "Messages are not being sent" in owner.get("/messages").text


def test_a_worker_that_never_ran_is_told_after_a_minute(shop: Shop, owner: FlaskClient) -> None:
    assert "Messages are not being sent" not in owner.get("/").text

    shop.app.extensions[health.STARTED] -= 120

    assert "is not running" in owner.get("/").text


def test_the_customers_page_tells_what_happened_to_a_message(shop: Shop, owner: FlaskClient) -> None:
    customer_id = shop.customer()
    id_ = shop.schedule(customer_id, late=1, body="[no_connection] Your cake is ready.")
    shop.work()
    owner.post(f"/messages/{id_}/done")

    page = owner.get(f"/customers/{customer_id}").text

    told = re.search(r'<details class="life">(.*?)</details>', page, re.S)
    assert told
    words = " ".join(re.sub("<[^>]+>", " ", told[1]).split())
    assert "Scheduled by boss-of-shop" in words
    assert "Test mode: No connection. The gateway could not be reached." in words
    assert "Marked as done by boss-of-shop" in words
    assert words.index("Scheduled by") < words.index("No connection") < words.index("Marked as done")


def test_an_archived_customers_page_says_that_nothing_is_sent(shop: Shop, owner: FlaskClient) -> None:
    customer_id = shop.customer()
    shop.schedule(customer_id, in_=3600)
    assert "Next: " in owner.get(f"/customers/{customer_id}").text

    owner.post(f"/customers/{customer_id}/archive")

    page = owner.get(f"/customers/{customer_id}").text
    assert "Next: " not in page
    assert "Nothing is sent while Sari is archived" in page


# A new message


def test_a_new_message_begins_with_whom_it_is_for(shop: Shop, owner: FlaskClient, stranger: Shop) -> None:
    sari, other = shop.customer("Sari"), shop.customer("Budi", "0813-1111-2222")
    stranger.customer("Sari of elsewhere")
    assert 'href="/messages/new"' in owner.get("/messages").text
    page = owner.get("/messages/new?q=0812 3456").text
    assert f'href="/customers/{sari}/messages/new"' in page
    assert f'href="/customers/{other}/messages/new"' not in page
    assert "elsewhere" not in owner.get("/messages/new").text
    none = owner.get("/messages/new?q=zzzz").text
    assert "Nobody matches “zzzz”" in none
    assert 'href="/customers/new?name=zzzz"' in none


def test_who_may_only_look_begins_none(shop: Shop) -> None:
    viewer = shop.browser(Role.VIEWER)
    assert viewer.get("/messages/new").status_code == 403
    assert "/messages/new" not in viewer.get("/messages").text
