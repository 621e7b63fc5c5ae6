"""An e-mail as RFC 5322 has it, built by the standard library alone, which refuses line breaks in headers."""

from __future__ import annotations

import hashlib
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from typing import Any

import idna

from crm.messages.channels.email import mailbox_parts
from crm.providers.base import Call
from crm.providers.letters.html import html_of
from crm.values.language import N_

NO_ADDRESS = N_("E-mail needs an address to send from. An owner can enter it in Settings › Messaging.")
NOT_ASCII = N_("This address has letters that mail servers can't take. Correct it, then send it again.")

OURS = ("Message-ID", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID")


class LinkHeader(UnstructuredHeader):
    """A link in angle brackets. It stays on one line: folded it would be encoded, and no mail program would read it."""

    name: str

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", LinkHeader)  # type: ignore[arg-type]  # the registry makes a header of it

POLICY = SMTP.clone(cte_type="7bit", header_factory=_headers)
"""Not every server takes 8 bits."""


def letter_of(call: Call) -> EmailMessage:
    """Build the e-mail of a call; ValueError for an address that can't stand in a header."""
    message = EmailMessage(POLICY)
    message["From"] = sender_of(call)
    message["To"] = _address("", call.to)
    answers_to = reply_address(call)
    if answers_to:
        message["Reply-To"] = answers_to
    message["Subject"] = call.subject
    message["Date"] = localtime()
    message["Message-ID"] = message_id(call)
    if call.unsubscribe:
        message["List-Unsubscribe"] = f"<{call.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Feedback-ID"] = feedback_id(call)
    if call.is_automatic:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(call.body)
    message.add_alternative(html_of(call.subject, call.body, sender_name(call)), subtype="html")
    return message


def headers_of(letter: EmailMessage) -> dict[str, str]:
    """Return the headers that a provider would not set by itself."""
    return {name: str(letter[name]) for name in OURS if letter[name]}


def reply_address(call: Call) -> Address | None:
    return _address(*mailbox_parts(call.sender.reply_to)) if call.sender.reply_to else None


def message_id(call: Call) -> str:
    """Return the same for every attempt, so that a mailbox may see that it has the message."""
    number = f"m.{call.message_id}" if call.message_id else f"t.{call.test_id}"
    if call.letter_id:
        number = f"u.{call.letter_id}"
    return f"<{number}@{domain_of(call)}>"


def feedback_id(call: Call) -> str:
    """Return what Gmail counts spam reports of marketing by; it ends in a name of the sender, the same in all mail."""
    return f"offers:{hashlib.sha256(domain_of(call).encode()).hexdigest()[:12]}"


def domain_of(call: Call) -> str:
    return sender_of(call).domain


def sender_of(call: Call) -> Address:
    return _address(sender_name(call), mailbox_parts(call.sender.number)[1])


def sender_name(call: Call) -> str:
    return mailbox_parts(call.sender.number)[0] or call.sender.name


def ascii_address(address: str) -> str:
    """Return an address with its domain as DNS has it; ValueError for one that has letters beyond ASCII before it."""
    local, _sign, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError(address)
    return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"


def _address(name: str, address: str) -> Address:
    return Address(name, addr_spec=ascii_address(address))
