"""An organization to test messages with."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.services import change_organization
from crm.customers.models import Customer
from crm.customers.services import create_customer, edit_customer
from crm.delivery import jobs
from crm.kernel.db import transaction
from crm.kernel.events import Event
from crm.kernel.extensions import db
from crm.kernel.roles import Role
from crm.kernel.tenancy import use_organization
from crm.kernel.work.due import DueWork
from crm.messages import services
from crm.messages.bookkeeping import refresh_next
from crm.messages.channels.base import Channel
from crm.messages.channels.sms import SMS
from crm.messages.models import Attempt, Message
from crm.messages.rules import Status
from crm.values import clock
from tests.factories import Person, make_organization, make_person

PHONE = "0812-3456-7890"
E164 = "+6281234567890"


@dataclass
class Shop:
    """One organization in Jakarta that sends SMS by console and WhatsApp by hand, and its owner."""

    app: Flask
    id: int
    boss: Person

    @classmethod
    def open(cls, app: Flask, slug: str) -> Shop:
        with app.app_context():
            id_ = make_organization(slug, sms_gateway="console")
            return cls(app, id_, make_person(app, f"boss-of-{slug}", id_, Role.OWNER))

    @property
    def owner_id(self) -> int:
        return self.boss.user_id

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        with self.app.app_context(), use_organization(self.id, self.owner_id):
            yield

    def set(self, **values: str) -> None:
        with self.inside():
            change_organization(self.id, values)

    def browser(self, role: Role | None = None) -> FlaskClient:
        """Return the owner's browser, or that of a new person with `role`."""
        if role is None:
            return self.boss.client()
        with self.app.app_context():
            return make_person(self.app, f"{role.label}-{self.id}", self.id, role).client()

    def customer(self, name: str = "Sari", phone: str = PHONE, **values: Any) -> int:
        with self.inside():
            return create_customer({"name": name, "phone": phone, **values}, another_person=True).id

    def change_phone(self, customer_id: int, phone: str) -> None:
        with self.inside():
            edit_customer(customer_id, {"phone": phone})

    def soon(self) -> dt.datetime:
        """Return a time that a message may be scheduled for."""
        return clock.utcnow() + dt.timedelta(hours=1)

    def schedule(
        self,
        customer_id: int,
        *,
        in_: float = 0,
        channel: Channel = SMS,
        body: str = "Your cake is ready.",
        late: float = 0,
    ) -> int:
        """Schedule a message `in_` seconds from now; then let it be `late` seconds late."""
        with self.inside():
            at, subject = clock.utcnow() + dt.timedelta(seconds=in_), "Your cake" if channel.has_subject else ""
            id_ = services.schedule_message(customer_id, channel, body, at, subject=subject).id
            if late:
                self.shift(id_, late)
            return id_

    def shift(self, message_id: int, seconds: float) -> None:
        """Let a message have been due, and the worker's next look at it, `seconds` ago."""
        with self.inside(), transaction() as session:
            message = session.get_one(Message, message_id)
            past = clock.utcnow() - dt.timedelta(seconds=seconds)
            message.send_at = past
            session.execute(sa.update(DueWork).where(DueWork.subject_id == message_id).values(due_at=past))
            refresh_next([message.customer_id])

    def look_now(self, message_id: int, **values: Any) -> None:
        """Let the time come at which the worker means to look at a message; `values` are set on its row."""
        past = clock.utcnow() - dt.timedelta(seconds=1)
        with self.inside(), transaction() as session:
            message = session.get_one(Message, message_id)
            for name, value in values.items():
                setattr(message, name, value)
            session.execute(sa.update(DueWork).where(DueWork.subject_id == message_id).values(due_at=past))
            refresh_next([message.customer_id])

    def work(self) -> None:
        """Do what a worker's tickers do, until nothing is due."""
        with self.app.app_context():
            while jobs.deliver_due():
                pass

    def message(self, message_id: int) -> Message:
        """Return the message as it is now, detached."""
        with self.inside():
            message = db.session.get_one(Message, message_id)
            db.session.expunge(message)
            return message

    def status(self, message_id: int) -> Status:
        return self.message(message_id).status

    def attempts(self, message_id: int) -> list[Attempt]:
        with self.inside():
            rows = db.session.scalars(sa.select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id))
            found = list(rows)
            db.session.expunge_all()
            return found

    def due_at(self, message_id: int) -> dt.datetime | None:
        with self.inside():
            row = db.session.get(DueWork, ("message", message_id))
            return row.due_at if row else None

    def next_at(self, customer_id: int) -> dt.datetime | None:
        with self.inside():
            return db.session.get_one(Customer, customer_id).next_message_at

    def events(self, customer_id: int) -> list[tuple[str, int | None]]:
        with self.inside():
            rows = db.session.scalars(sa.select(Event).where(Event.customer_id == customer_id).order_by(Event.id))
            return [(row.action, row.actor_id) for row in rows if row.action.startswith("message.")]
