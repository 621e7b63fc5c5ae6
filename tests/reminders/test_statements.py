"""Marking many reminders as done, moving them, and undoing both ask the database as much for fifty as for five."""

from __future__ import annotations

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.tenancy import insert_many
from crm.leads.models import FollowUp, LoanCommitment
from crm.messages.inbound_models import InboundMessage
from crm.messages.models import Message
from tests.bookings.test_statements import asked
from tests.factories import Cast, make_customer, make_lead
from tests.reminders.conftest import ZONE
from tests.reminders.test_bulk import post, undo

HOUR = dt.timedelta(hours=1)
LEADS = ("new", "contacted", "converted")
MESSAGES = ("reminder", "failed", "held", "scheduled")


def make_due(noon: dt.datetime, number: int) -> dict[str, list[str]]:
    """Make due reminders of each kind in all their states, in turn; return their names by kind."""
    customers = [make_customer(phone=f"0812 3456 78{n}0") for n in range(3)]
    leads = [make_lead(status=status, phone=f"0813 3456 78{n}0") for n, status in enumerate(LEADS)]
    at, each = noon - HOUR, range(number)
    kinds = {"message": Message, "follow-up": FollowUp, "loan-commitment": LoanCommitment, "text": InboundMessage}
    rows = {
        "message": [
            {"customer_id": customers[n % 3], "channel": "sms", "body": "x", "status": MESSAGES[n % 4], "send_at": at}
            for n in each
        ],
        "follow-up": [{"lead_id": leads[n % 3], "method": "call", "due_at": at} for n in each],
        "loan-commitment": [{"lead_id": leads[n % 3], "amount": 100, "promised_date": at.date()} for n in each],
        "text": [
            {
                "gateway": "twilio",
                "provider_id": f"S{number}-{n}",
                "channel": "sms",
                "sender": ("", "+6281234567800", "+6281399990000", "+6281234567810")[n % 4],
                "recipient": "+62215001",
                "body": "Is it ready?",
                "sent_at": at,
            }
            for n in each
        ],
    }
    with transaction() as session:
        found = {}
        for key, model in kinds.items():
            before = session.scalar(sa.select(sa.func.max(model.id))) or 0
            insert_many(model, rows[key])
            ids = session.scalars(sa.select(model.id).where(model.id > before).order_by(model.id))
            found[key] = [f"{key}-{id_}" for id_ in ids]
    return found


def count(app: Flask, client: FlaskClient, action: str, names: list[str]) -> tuple[int, int]:
    """Return how many statements a change and its undo cost."""
    with app.app_context(), asked() as statements:
        answer = post(client, action, *names)
    assert answer.status_code == 200, answer.text
    if "/reminders/bulk/" not in answer.text:
        return len(statements), 0
    with app.app_context(), asked() as undoing:
        assert "Undone." in undo(client, answer).text
    return len(statements), len(undoing)


@pytest.mark.parametrize("action", ["done", "tomorrow"])
def test_many_cost_as_many_statements_as_a_few(app: Flask, cast: Cast, noon: dt.datetime, action: str) -> None:
    client = cast.staff.client()
    assert noon.astimezone(ZONE).hour == 12
    with cast.owner.acting():
        few, many = make_due(noon, 5), make_due(noon, 50)
    count(app, client, action, few["message"])  # what a first request asks alone

    for kind in few:
        for_five, for_fifty = count(app, client, action, few[kind]), count(app, client, action, many[kind])
        assert [fifty - five for five, fifty in zip(for_five, for_fifty, strict=True)] == [0, 0], (kind, for_fifty)
        assert max(for_fifty) <= 26, (kind, for_fifty)

    of_all = count(app, client, action, [name for names in many.values() for name in names])
    assert max(of_all) <= 60, of_all
    with cast.owner.acting():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(FollowUp).where(FollowUp.done_at.is_(None)))
