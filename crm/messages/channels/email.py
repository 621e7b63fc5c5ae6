"""E-mail."""

from __future__ import annotations

from crm.customers.models import Customer
from crm.messages.channels.base import Channel
from crm.messages.channels.emails import EMAILS
from crm.messages.channels.links import email_link
from crm.people.identity import EmailError, normalize_email
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import clean_line

MAX_SENDER = 254


class Email(Channel):
    """A mailbox, with a subject and a longer text."""

    label = N_("E-mail")
    icon = "envelope"
    addresses = EMAILS
    has_subject = True
    max_length = 10_000  # Source: ours; the HTML made of it stays below the 102 kB at which Gmail cuts
    gateway_setting = "email_gateway"
    sender_setting = "email_from"
    sender_label = N_("%(channel)s sender address")
    sender_help = N_("An address of your own domain, like hello@shop.example, or Your Shop <hello@shop.example>.")
    reply_setting = "email_reply_to"

    __slots__ = ()

    def parse_sender(self, value: str) -> str:
        """Accept an address, with a name before it if wanted."""
        return parse_mailbox(value)

    def is_allowed(self, customer: Customer) -> bool:
        return customer.email_allowed

    def link(self, address: str, body: str, subject: str = "") -> str | None:
        return email_link(address, subject, body)


def parse_mailbox(value: str) -> str:
    """Return `Name <address>` or an address as it is kept; raises ValueError with a sentence."""
    if not value:
        return ""
    name, address = mailbox_parts(clean_line(value))
    try:
        found = normalize_email(address)
    except EmailError:
        found = None
    kept = f"{name} <{found}>" if name else found or ""
    if not found or len(kept) > MAX_SENDER or any(sign in name for sign in '<>"\\'):
        raise ValueError(_("Enter an address like hello@shop.example, or Your Shop <hello@shop.example>."))
    return kept


def mailbox_parts(kept: str) -> tuple[str, str]:
    """Return the name, which may be empty, and the address."""
    if not kept.endswith(">"):
        return "", kept
    name, _sign, address = kept[:-1].rpartition("<")
    return name.strip().strip('"'), address


EMAIL = Email("email")
