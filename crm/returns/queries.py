"""The mailboxes that mail comes back to."""

from __future__ import annotations

from crm.providers.directory import read_directory
from crm.providers.smtp.account import ACCOUNT, mailbox_of
from crm.providers.smtp.mailbox import Mailbox
from crm.providers.smtp.provider import SMTP


def mailboxes() -> list[Mailbox]:
    """Return the installation's and those of organizations."""
    found = [mailbox_of(known, id_) for id_, known in read_directory([SMTP.name]).accounts(ACCOUNT).items()]
    return [mailbox for mailbox in found if mailbox is not None]
