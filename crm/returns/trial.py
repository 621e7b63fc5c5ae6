"""A letter to the mailbox for returned mail, to see how letters arrive."""

from __future__ import annotations

import secrets
import time

import sqlalchemy as sa
from flask import current_app

from crm.accounts.models import Organization
from crm.accounts.queries import current_organization
from crm.kernel.extensions import db
from crm.kernel.tenancy import use_organization
from crm.messages.channels.email import EMAIL
from crm.providers.accounts import lacking, sender_of
from crm.providers.base import Answer, Call
from crm.providers.smtp.mailbox import Mailbox, MailboxError, opened
from crm.providers.smtp.provider import SMTP
from crm.returns import signatures

PATIENCE, PAUSE = 30.0, 2.0
"""Seconds in which a letter should arrive, and between two looks."""

TEXT = "This letter was sent by flask doctor, to see how letters arrive. Nobody has to read it."


def problem(mailbox: Mailbox) -> str:
    """Send a letter by the account of a mailbox, and say what is wrong with it when it arrives, or ""."""
    call = _call(mailbox)
    if call is None:
        return "No organization sends by this mail server."
    outcome = SMTP.gateway.send(call)
    if outcome.answer is not Answer.ACCEPTED:
        return f"The test letter was not sent: {outcome.sentence}"
    try:
        raw = _arrived(mailbox, call.subject)
    except MailboxError as error:
        return f"The mailbox can't be read: {error}."
    if raw is None:
        return (
            f"The test letter to {call.to} did not arrive within {PATIENCE:.0f} seconds. "
            "See that mail to this address reaches the mailbox, or set BOUNCE_ADDRESS."
        )
    return signatures.problem(raw, call.sender.number.rpartition("@")[2].rstrip(">"))


def _call(mailbox: Mailbox) -> Call | None:
    """Build the letter, as marketing is; None where nobody would send it."""
    ids = db.session.scalars(
        sa.select(Organization.id).where(Organization.email_gateway == SMTP.name).order_by(Organization.id)
    ).all()
    try:
        for id_ in ids if mailbox.organization_id is None else [mailbox.organization_id]:
            with use_organization(id_):
                organization = current_organization()
                sender = sender_of(organization, SMTP.name, EMAIL)
                if sender.is_own is (mailbox.organization_id is not None) and not lacking(organization, EMAIL):
                    subject = f"Test letter {secrets.token_hex(8)}"
                    link = f"{current_app.config['PUBLIC_URL']}/u/test"
                    to = sender.returns_to
                    return Call(0, 0, SMTP.name, EMAIL, to, TEXT, sender=sender, subject=subject, unsubscribe=link)
        return None
    finally:
        db.session.rollback()  # no transaction stays open while servers take their time


def _arrived(mailbox: Mailbox, subject: str) -> bytes | None:
    until = time.monotonic() + PATIENCE
    while True:
        with opened(mailbox, readonly=True) as box:
            found = box.find(subject)
        if found is not None or time.monotonic() >= until:
            return found
        time.sleep(PAUSE)
