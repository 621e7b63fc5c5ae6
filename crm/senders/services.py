"""Changes of senders."""

from __future__ import annotations

import logging
from dataclasses import replace

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.kernel.columns import db_now
from crm.kernel.db import locked, transaction
from crm.kernel.errors import ConflictError, SentenceError
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.messages.bookkeeping import hasten_held
from crm.messages.channels.base import Channel
from crm.messages.models import BlockedSender
from crm.messages.policy_facts import suppressed_among
from crm.providers.accounts import lacking, sender_of
from crm.providers.base import GATEWAY_FAILED, Answer, Call, Outcome
from crm.providers.registry import gateway_of
from crm.senders import trials
from crm.values.language import gettext as _

TEST = "This is a test message from {name}. You can ignore it."

TEST_SUBJECT = "Test message"

log = logging.getLogger(__name__)


def let_go_held() -> None:
    """Check all held messages now, and let a refused sender be tried.

    Called after changes of quiet hours, gateways or secrets. One message tries; the others follow once it is accepted.
    An unused refused sender is deleted.
    """
    with transaction() as session:
        organization = current_organization()
        for row in session.scalars(locked(sa.select(BlockedSender))):
            if row.gateway == row.channel.gateway_name(organization):
                row.probe_at = db_now()
            else:
                session.delete(row)
    _hasten()


def try_again(sender_id: int) -> None:
    """Let the next message try a refused sender; ConflictError if it is not refused."""
    with transaction():
        row = _locked(sender_id)
        row.probe_at = db_now()
        record("sender.tried", row, changes={"channel": [None, row.channel]})
    _hasten()


def dismiss(sender_id: int) -> None:
    """Hide the notice of a refused sender; its messages still wait."""
    with transaction():
        row = _locked(sender_id)
        if row.dismissed_at is None:
            row.dismissed_at = db_now()
            record("sender.dismissed", row, changes={"channel": [None, row.channel]})


def send_test(channel: Channel, to: str) -> Outcome:
    """Send a test message; an accepting sender counts as working.

    Raises SentenceError when there is nothing to try.
    """
    call = _test_call(channel, to)
    call = replace(call, test_id=trials.start(channel, call.gateway))
    outcome = _send(call)
    with transaction() as session:
        trials.finish(call.test_id, outcome)
        changes = {"channel": [None, channel], "outcome": [None, outcome.answer]}
        record("sender.tested", current_organization(), changes=changes)
        if outcome.answer is Answer.ACCEPTED:
            of_channel = sa.select(BlockedSender).where(BlockedSender.channel == channel)
            for row in session.scalars(locked(of_channel.where(sa.not_(BlockedSender.by_report)))):
                session.delete(row)
    if outcome.answer is Answer.ACCEPTED:
        _hasten()
    return outcome


def _test_call(channel: Channel, to: str) -> Call:
    organization = current_organization()
    missing = lacking(organization, channel)
    if missing:
        raise SentenceError(missing)
    gateway = gateway_of(organization, channel)
    if gateway.by_hand:
        raise SentenceError(_("You send %(channel)s yourself, so there is nothing to test.", channel=channel.label))
    if suppressed_among(channel.addresses.spellings(to), channel.addresses):
        raise SentenceError(_("This %(noun)s has opted out, so nothing is sent to it.", noun=channel.addresses.noun))
    # Its text has the organization's name in it: no word of that is an order.
    sender = replace(sender_of(organization, gateway.name, channel), takes_orders=False)
    subject = TEST_SUBJECT if channel.has_subject else ""
    return Call(0, 0, gateway.name, channel, to, TEST.format(name=organization.name), sender=sender, subject=subject)


def _send(call: Call) -> Outcome:
    gateway = gateway_of(current_organization(), call.channel)
    db.session.rollback()  # no transaction stays open while a provider takes its time
    try:
        return gateway.send(call)
    except Exception:
        log.exception("a test message by %s failed", call.gateway)
        return Outcome(Answer.UNKNOWN, sentence=GATEWAY_FAILED)


def _locked(sender_id: int) -> BlockedSender:
    row = db.session.scalars(locked(sa.select(BlockedSender).where(BlockedSender.id == sender_id))).one_or_none()
    if row is None:
        raise ConflictError(_("This sender works again."))
    return row


def _hasten() -> None:
    # In a transaction of its own, for it locks many messages.
    with transaction():
        hasten_held()
