"""Sending a message again that did not arrive: by a person."""

from __future__ import annotations

import datetime as dt

import pytest
from flask.testing import FlaskClient

from crm.customers.models import Customer
from crm.kernel.db import transaction
from crm.kernel.roles import Role
from crm.messages.rules import Status
from crm.values import clock
from tests.messages.shop import Shop

BAD = [Status.UNCONFIRMED, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED]


def ended(shop: Shop, status: Status, customer_id: int | None = None) -> int:
    """Make a message that was sent once, hours ago, and ended as `status`."""
    id_ = shop.schedule(customer_id or shop.customer())
    shop.work()
    past = clock.utcnow() - dt.timedelta(hours=30)
    shop.look_now(id_, status=status.value, reason="Nobody knows.", send_at=past)
    return id_


@pytest.mark.parametrize("status", BAD, ids=str)
def test_what_did_not_arrive_is_sent_again_at_once(shop: Shop, owner: FlaskClient, status: Status) -> None:
    id_ = ended(shop, status, sari := shop.customer())
    assert f"/messages/{id_}/resend" in owner.get(f"/customers/{sari}").text
    assert f"/messages/{id_}/resend" in owner.get("/").text
    assert f"/messages/{id_}/resend" in owner.get("/messages").text

    assert owner.post(f"/messages/{id_}/resend").status_code == 303
    assert (shop.status(id_), shop.message(id_).reason) == (Status.SCHEDULED, "")
    shop.work()

    assert shop.status(id_) is Status.SENT
    assert len(shop.attempts(id_)) == 2
    assert ("message.resent", shop.owner_id) in shop.events(sari)


def test_a_second_click_sends_nothing_more(shop: Shop, owner: FlaskClient) -> None:
    id_ = ended(shop, Status.FAILED)
    for _ in range(3):
        assert owner.post(f"/messages/{id_}/resend").status_code == 303
    shop.work()
    assert owner.post(f"/messages/{id_}/resend").status_code == 409
    assert len(shop.attempts(id_)) == 2


def test_what_was_marked_as_done_comes_back_when_it_is_sent_again(shop: Shop, owner: FlaskClient) -> None:
    id_ = ended(shop, Status.FAILED)
    owner.post(f"/messages/{id_}/done")
    owner.post(f"/messages/{id_}/resend")
    message = shop.message(id_)
    assert (message.status, message.acknowledged_at, message.before_done) == (Status.SCHEDULED, None, None)


@pytest.mark.parametrize(
    "status",
    [
        Status.SENT,
        Status.DELIVERED,
        Status.READ,
        Status.ACCEPTED,
        Status.UNKNOWN,
        Status.SUBMITTING,
        Status.CANCELED,
        Status.SUPPRESSED,
        Status.HELD,
    ],
    ids=str,
)
def test_what_may_have_arrived_is_not_sent_again(shop: Shop, owner: FlaskClient, status: Status) -> None:
    id_ = ended(shop, status)
    assert owner.post(f"/messages/{id_}/resend").status_code == 409
    assert shop.status(id_) is status


@pytest.mark.parametrize(
    "change", [{"sms_allowed": False}, {"phone": "", "phone_valid": False}], ids=["consent", "number"]
)
def test_what_forbids_a_message_forbids_it_again(shop: Shop, owner: FlaskClient, change: dict[str, object]) -> None:
    id_ = ended(shop, Status.FAILED, sari := shop.customer())
    with shop.inside(), transaction() as session:
        for name, value in change.items():
            setattr(session.get_one(Customer, sari), name, value)
    response = owner.post(f"/messages/{id_}/resend")
    assert response.status_code == 409
    assert "Sari" in response.text
    assert shop.status(id_) is Status.FAILED


def test_a_viewer_sends_nothing_again(shop: Shop) -> None:
    id_ = ended(shop, Status.FAILED)
    assert shop.browser(Role.VIEWER).post(f"/messages/{id_}/resend").status_code == 403
