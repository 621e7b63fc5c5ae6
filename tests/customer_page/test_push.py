"""Notices on a phone: allowed by its browser from the card or the page, and stopped without a code."""

from __future__ import annotations

import pytest
from flask import Flask

from crm.customer_page.rules import Scope
from crm.web_push.queries import count_subscriptions
from tests.customer_page.door import link_of, opened
from tests.factories import Cast, make_customer
from tests.web_push import push_service
from tests.web_push.conftest import PRIVATE_KEY, SUBJECT

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def count(cast: Cast, customer_id: int) -> int:
    with cast.owner.acting():
        return count_subscriptions(customer_id)


@pytest.mark.parametrize(("scope", "home"), [(Scope.CARD, "/c/card"), (Scope.PAGE, "/c/page")])
@SQLITE
def test_a_phone_gets_notices_until_they_are_stopped(app: Flask, cast: Cast, scope: Scope, home: str) -> None:
    with cast.owner.acting():
        siti = make_customer(name="Siti Rahma")
    client = opened(app, link_of(cast.owner, siti, scope))
    assert "data-push" not in client.get(home).text, "there are no keys"
    assert client.post("/c/push", data={"endpoint": "https://fcm.googleapis.com/x"}).status_code == 422
    with push_service.running() as service:
        app.config.update(VAPID_PRIVATE_KEY=PRIVATE_KEY, VAPID_SUBJECT=SUBJECT, PUSH_TEST_ORIGIN=service.url)
        assert "data-push" in client.get(home).text
        first, second = service.subscribe().form, service.subscribe().form
        for form in (first, first, second):
            answer = client.post("/c/push", data=form)
            assert (answer.status_code, answer.location) == (303, f"{home}#push")
        assert "This phone gets notices." in client.get(home).text
        assert count(cast, siti) == 2
        assert client.post("/c/push", data={"stop": "1", "endpoint": first["endpoint"]}).status_code == 303
        assert count(cast, siti) == 1
        assert client.post("/c/push", data={"stop": "1"}).status_code == 303
        assert count(cast, siti) == 0
        for wrong in ({"endpoint": "https://evil.example/x"}, {"p256dh": "x"}, {"auth": ""}):
            refused = client.post("/c/push", data={**first, **wrong})
            assert (refused.status_code, "get notices from here" in refused.text) == (422, True)
        assert count(cast, siti) == 0
    timeline = cast.staff.client().get(f"/customers/{siti}/timeline").text
    assert timeline.count("by the customer") >= 3
