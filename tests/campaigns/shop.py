"""A shop that writes campaigns: its customers, its worker, and what became of whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

from crm.accounts.services import change_organization
from crm.campaigns import jobs as campaign_jobs
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.outcomes import sums_of
from crm.customers.rules import Consent
from crm.delivery import jobs as delivery_jobs
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.kernel.work.due import DueWork
from crm.messages.models import Message
from tests.factories import Cast, make_customer, make_segment

PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


class Shop:
    def __init__(self, cast: Cast) -> None:
        self.cast, self.owner = cast, cast.owner
        self.client = cast.owner.client()
        self._phones = 0
        self.set(sms_gateway="console", email_gateway="console", email_from="hello@shop.example")

    def set(self, **values: str) -> None:
        with self.owner.acting():
            change_organization(self.owner.organization_id, values)

    def customer(self, phone: str = "", **values: Any) -> int:
        """Make a customer who agreed to marketing by SMS, with a number of their own."""
        self._phones += 1
        given = {"phone": phone or f"+62812900{self._phones:05}", "marketing_sms": Consent.GIVEN, **values}
        with self.owner.acting():
            return make_customer(**given)

    def segment(self, **query: str) -> int:
        with self.owner.acting():
            return make_segment(query=query)

    def campaign(self, segment: int | None = None, **fields: str) -> int:
        """Add a draft to everybody, by the form."""
        given = {
            "name": "News",
            "segment": str(segment or self.segment()),
            "channel": "sms",
            "body": "Hi {name}, we miss you.",
        }
        answer = self.client.post("/campaigns/new", data=given | fields)
        assert answer.status_code == 303, answer.text
        return int(answer.location.rpartition("/")[2])

    def say(self, campaign: int, verb: str) -> int:
        return self.client.post(f"/campaigns/{campaign}/{verb}").status_code

    def turns(self, most: int = 100) -> None:
        """Let the worker take turns at campaigns until nothing is left to do at once."""
        with self.owner.app.app_context():
            for _turn in range(most):
                self._hasten("campaign")
                if not campaign_jobs.go_on_due() or not self._moves():
                    return

    def deliver(self) -> None:
        with self.owner.app.app_context():
            while delivery_jobs.deliver_due():
                pass

    def work(self) -> None:
        """Do all that a worker does, until nothing changes."""
        for _round in range(20):
            before = self._seen()
            self.turns()
            self.deliver()
            if self._seen() == before:
                return

    def row(self, campaign: int) -> Campaign:
        with self.owner.acting():
            found = db.session.get_one(Campaign, campaign)
            db.session.expunge(found)
            return found

    def sums(self, campaign: int) -> dict[str, int]:
        """Return the sums that aren't 0, and see that they add up to the rows."""
        with self.owner.acting():
            sums = sums_of(campaign)
            count = sa.select(sa.func.count()).select_from(CampaignRecipient)
            rows = db.session.scalars(count.where(CampaignRecipient.campaign_id == campaign)).one()
        assert sums.recipients == rows == sum(sums.by_sum.values())
        assert sum(sums.skipped_by.values()) == sums.by_sum["skipped"]  # type: ignore[index]  # a text is its member
        found = {each.value: number for each, number in sums.by_sum.items() if number}
        return found | {f"skipped:{skip}": number for skip, number in sums.skipped_by.items()}

    def messages(self) -> list[Message]:
        with self.owner.acting():
            found = list(db.session.scalars(sa.select(Message).order_by(Message.id)))
            db.session.expunge_all()
            return found

    def parts(self, campaign: int) -> dict[int, str]:
        with self.owner.acting():
            rows = db.session.execute(
                sa.select(CampaignRecipient.customer_id, CampaignRecipient.part).where(
                    CampaignRecipient.campaign_id == campaign
                )
            )
            return {row[0]: row[1].value for row in rows}

    def change(self, model: Any, id_: int, **values: Any) -> None:
        with self.owner.acting(), transaction() as session:
            row = session.get_one(model, id_)
            for name, value in values.items():
                setattr(row, name, value)

    def _moves(self) -> bool:
        with self.owner.acting():
            waiting = sa.select(sa.func.count(Message.id))
            states = db.session.scalars(sa.select(Campaign.state)).all()
            seen = (db.session.scalars(waiting).one(), tuple(states))
        moved, self._before = seen != getattr(self, "_before", None), seen
        return moved

    def _seen(self) -> Any:
        with self.owner.acting():
            messages = tuple(db.session.execute(sa.select(Message.id, Message.status).order_by(Message.id)).all())
            states = tuple(db.session.execute(sa.select(Campaign.id, Campaign.state).order_by(Campaign.id)).all())
            return messages, states

    def _hasten(self, kind: str) -> None:
        with transaction() as session:
            session.execute(sa.update(DueWork).where(DueWork.kind == kind).values(due_at=PAST))
