"""Reading mailboxes: what came back becomes reports, as those of providers, and is marked as read after that.

A worker that is killed in between reads the mail again: a report is stored once.
"""

from __future__ import annotations

import logging
import time

from crm.delivery import recipients, reports
from crm.kernel.extensions import db
from crm.kernel.fingerprints import fingerprints
from crm.kernel.queue import stopping
from crm.kernel.tenancy import use_organization
from crm.messages.models import Attempt
from crm.providers.base import Reported, referred_test
from crm.providers.smtp.mailbox import Mail, Mailbox, MailboxError, OpenMailbox, opened
from crm.providers.smtp.provider import SMTP
from crm.providers.smtp.return_path import PURPOSE, Claim
from crm.providers.smtp.returned import Returned, returned_in
from crm.senders import trials

REST = 600.0
"""Seconds that a mailbox is left alone after it could not be opened: some lock an account that fails often."""

log = logging.getLogger(__name__)


def read(mailbox: Mailbox) -> None:
    """Take what is unread; one that can't be opened is tried again later."""
    if _resting.get(mailbox, 0) > time.monotonic():
        return
    db.session.rollback()  # no transaction stays open while a server takes its time
    try:
        with opened(mailbox) as box:
            _read_all(mailbox, box)
        _resting.pop(mailbox, None)
    except MailboxError as error:
        _resting[mailbox] = time.monotonic() + REST
        log.warning("the mailbox for returned mail of %s can't be read: %s", _owner_of(mailbox), error)


def take(returned: Returned, mailbox_of: int | None) -> None:
    """Take what came back to the mailbox of an organization, or to the installation's (None)."""
    for claim in returned.claims:
        test_id = referred_test(claim.reference)
        subject = int(claim.reference) if test_id is None else test_id
        owner = (recipients.owners_of_attempts if test_id is None else trials.owners)([subject]).get(subject)
        if owner is None or mailbox_of not in (None, owner) or not _is_genuine(claim, owner):
            continue
        if test_id is None:
            reports.take(owner, _of_attempt(owner, subject, returned))
        else:
            trials.take_reports(owner, [Reported(test_id, fate.word, "", fate.code) for fate in returned.fates])
        return


def _read_all(mailbox: Mailbox, box: OpenMailbox) -> None:
    for mail in box.unread():
        if stopping.is_set():
            return
        returned = _parsed(mail, mailbox)
        if returned is not None:
            take(returned, mailbox.organization_id)
            db.session.rollback()
        box.mark_read(mail)


def _parsed(mail: Mail, mailbox: Mailbox) -> Returned | None:
    """Read a mail; one that breaks the parser stops none of those after it."""
    try:
        return returned_in(mail.raw)
    except Exception:
        log.exception("mail %s in the mailbox of %s can't be read", mail.uid, _owner_of(mailbox))
        return None


def _is_genuine(claim: Claim, organization_id: int) -> bool:
    return claim.is_genuine(fingerprints(PURPOSE, organization_id))


def _of_attempt(organization_id: int, attempt_id: int, returned: Returned) -> list[Reported]:
    """Return what is said of the one whom the attempt was for."""
    with use_organization(organization_id):
        attempt = db.session.get(Attempt, attempt_id)
        if attempt is None or attempt.gateway != SMTP.name:
            return []
        id_ = attempt.provider_id or f"m.{attempt.message_id}"
        fates = [fate for fate in returned.fates if fate.is_of(attempt.recipient)]
        return [Reported(attempt_id, fate.word, id_, fate.code) for fate in fates]


def _owner_of(mailbox: Mailbox) -> str:
    return "the installation" if mailbox.organization_id is None else f"organization {mailbox.organization_id}"


_resting: dict[Mailbox, float] = {}
