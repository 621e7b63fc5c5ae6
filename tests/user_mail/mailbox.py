"""The installation's mail server, and what arrived there."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from email.message import EmailMessage

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from crm.accounts.models import User
from crm.kernel.db import transaction
from crm.kernel.extensions import db
from crm.user_mail import jobs
from crm.user_mail.models import UserLetter
from crm.values import clock
from tests.factories import PASSWORD, Person
from tests.messages.sink import Sink


@dataclass
class Mailbox:
    app: Flask
    sink: Sink

    def work(self) -> None:
        """Let the worker send what is due."""
        with self.app.app_context():
            while jobs.send_due():
                pass

    def arrived(self) -> list[EmailMessage]:
        """Let the worker send, and return what arrived since the last look."""
        self.work()
        found = self.sink.taken[:]
        self.sink.taken.clear()
        return found

    def only(self) -> EmailMessage:
        (letter,) = self.arrived()
        return letter

    def rows(self) -> list[UserLetter]:
        with self.app.app_context():
            return list(db.session.scalars(sa.select(UserLetter).order_by(UserLetter.id)))

    def later(self, **by: float) -> None:
        """Let the time have come for what waits, as if it had been written so long ago."""
        past = dt.timedelta(**by)
        with self.app.app_context(), transaction() as session:
            for letter in session.scalars(sa.select(UserLetter)):
                letter.due_at = letter.due_at and clock.utcnow() - dt.timedelta(seconds=1)
                letter.expires_at -= past
                letter.created_at -= past

    def confirmed(self, person: Person, email: str) -> None:
        """Let a person have confirmed an address."""
        with self.app.app_context(), transaction() as session:
            session.get_one(User, person.user_id).email = email


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def link_in(letter: EmailMessage, path: str) -> str:
    """Return the path of the link below `path` in a letter."""
    found = re.search(rf"^http://[^/\s]+({re.escape(path)}/[\w-]+)$", text_of(letter).replace("\r", ""), re.MULTILINE)
    assert found, text_of(letter)
    return found[1]


def email_of(person: Person) -> str:
    with person.app.app_context():
        return db.session.get_one(User, person.user_id).email


def give(client: FlaskClient, email: str, password: str = PASSWORD, **options: object):  # type: ignore[no-untyped-def]
    return client.post("/account/email", data={"email": email, "current": password}, **options)
