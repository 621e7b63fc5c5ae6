"""What receivers of e-mail will hold against the organization's sender."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flask import current_app

from crm.accounts.queries import current_organization
from crm.kernel import vault
from crm.kernel.extensions import db
from crm.messages.channels.email import EMAIL
from crm.providers.accounts import lacking, sender_of
from crm.providers.directory import secrets_with
from crm.providers.letters import domains
from crm.providers.registry import provider_named
from crm.providers.smtp.account import ACCOUNT, mailbox_of
from crm.providers.smtp.mailbox import MailboxError, opened
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.security import is_https

MAILBOX_SECONDS = 10.0


class DomainCheck(NamedTuple):
    """Sentences for an owner: what to mend, and what could not be looked at."""

    domain: str
    problems: list[str]
    note: str = ""


def check_domain() -> DomainCheck:
    """Ask DNS about the domain that e-mail is sent from; `domain` is "" where none is."""
    organization = current_organization()
    gateway = EMAIL.gateway_name(organization)
    account = provider_named(gateway).account
    if account is None or lacking(organization, EMAIL):
        return DomainCheck("", [])
    domain = domains.domain_of(sender_of(organization, gateway, EMAIL))
    db.session.rollback()  # no transaction stays open while name servers take their time
    try:
        problems = [shown(sentence) for sentence in domains.problems(domain, account.dkim_selectors)]
    except domains.NoAnswerError:
        return DomainCheck(domain, [_("The name servers did not answer. Try again in a minute.")])
    note = ""
    if not account.dkim_selectors:
        note = _("Whether your mail server signs with DKIM can't be seen here. Ask whoever runs it.")
    return DomainCheck(domain, [*problems, *_address_problems(), *_mailbox_problems(organization.id)], note)


def _address_problems() -> Iterator[str]:
    if not is_https(current_app):
        yield _("Links to unsubscribe need https. Ask your administrator to set PUBLIC_URL=https://…")


def _mailbox_problems(organization_id: int) -> Iterator[str]:
    """Try the organization's own mailbox for returned mail."""
    known, is_own = secrets_with(vault.reveal_all(), ACCOUNT)
    db.session.rollback()
    mailbox = mailbox_of(known, organization_id) if is_own else None
    if mailbox is not None:
        try:
            with opened(mailbox, readonly=True, seconds=MAILBOX_SECONDS):
                pass
        except MailboxError as error:
            yield _("The mailbox for returned mail can't be opened: %(said)s", said=str(error))
