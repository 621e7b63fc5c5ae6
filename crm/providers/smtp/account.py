"""A mail server of one's own, or of one's provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.email import EMAIL, mailbox_parts
from crm.providers.base import Account, SecretField, Sender, word
from crm.providers.smtp.connections import Server
from crm.providers.smtp.mailbox import Mailbox
from crm.values.language import N_
from crm.values.language import gettext as _

HOST, PORT, USERNAME, PASSWORD, SECURITY = (
    "smtp_host",
    "smtp_port",
    "smtp_username",
    "smtp_password",
    "smtp_security",
)
IMAP_HOST, IMAP_PORT, IMAP_USERNAME, IMAP_PASSWORD, IMAP_SECURITY, IMAP_FOLDER = (
    "imap_host",
    "imap_port",
    "imap_username",
    "imap_password",
    "imap_security",
    "imap_folder",
)
BOUNCE = "bounce_address"
PORTS = {"starttls": "587", "tls": "465", "none": "25"}
"""The usual port of each way to encrypt, the first one by default."""
ALLOWED_PORTS = ("25", "465", "587", "2525")
"""Where mail servers listen; other ports of a network are nobody's to try from here."""

HOST_NAME = r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


IMAP_PORTS = {"tls": "993", "starttls": "143", "none": "143"}
"""The usual port of each way to encrypt, the first one by default."""

FOLDER = r"[ !#-\[\]-~]{1,200}"
RETURNS = r"[A-Za-z0-9._-]{1,20}@" + HOST_NAME
"""Before the @ there is room for what is added to it."""


def _port(value: str) -> str:
    if value and value not in ALLOWED_PORTS:
        raise ValueError(_("Use the port 587, 465, 2525 or 25."))
    return value


def _imap_port(value: str) -> str:
    if value and value not in IMAP_PORTS.values():
        raise ValueError(_("Use the port 993 or 143."))
    return value


def _security(value: str) -> str:
    if value and value.lower() not in PORTS:
        raise ValueError(_("Write starttls, tls or none."))
    return value.lower()


def _sender(known: Mapping[str, str], address: str, config: Mapping[str, Any]) -> Sender:
    """Build the sender: `base` is host, port and security, `account` the user name."""
    security = known[SECURITY] or next(iter(PORTS))
    server = f"{known[HOST]}:{known[PORT] or PORTS[security]}:{security}" if known[HOST] else ""
    back = known[BOUNCE] or f"bounce@{mailbox_parts(address)[1].rpartition('@')[2]}"
    return Sender(
        address,
        known[USERNAME],
        known[PASSWORD],
        base=server,
        callback=config["PUBLIC_URL"],
        returns_to=back if address and known[IMAP_HOST] else "",
    )


def mailbox_of(known: Mapping[str, str], organization_id: int | None) -> Mailbox | None:
    """Return the mailbox for returned mail; None where there is none. An organization's own is on the internet."""
    if not known[IMAP_HOST]:
        return None
    security = known[IMAP_SECURITY] or next(iter(IMAP_PORTS))
    port = int(known[IMAP_PORT] or IMAP_PORTS[security])
    is_public = organization_id is not None
    server = Server(known[IMAP_HOST], port, security, known[IMAP_USERNAME], known[IMAP_PASSWORD], is_public=is_public)
    return Mailbox(server, known[IMAP_FOLDER] or "INBOX", organization_id)


ACCOUNT = Account(
    N_("Mail server"),
    (
        SecretField(
            HOST,
            N_("Mail server (SMTP)"),
            word(HOST_NAME, N_("Enter the name of the server, like smtp.shop.example.")),
            N_("Like smtp.shop.example."),
        ),
        SecretField(PORT, N_("Port"), _port, N_("Usually 587."), is_optional=True),
        SecretField(
            USERNAME, N_("User name"), word(r"[!-~]{1,300}", N_("The user name is one word.")), is_optional=True
        ),
        SecretField(
            PASSWORD, N_("Password"), word(r"[ -~]{1,500}", N_("The password has no letters like é.")), is_optional=True
        ),
        SecretField(
            SECURITY,
            N_("Encryption"),
            _security,
            N_("starttls, tls or none. Usually starttls."),
            is_optional=True,
        ),
        SecretField(
            IMAP_HOST,
            N_("Mailbox for returned mail (IMAP)"),
            word(HOST_NAME, N_("Enter the name of the server, like imap.shop.example.")),
            N_("Like imap.shop.example. What comes back is read there, so nobody writes to dead addresses again."),
            is_optional=True,
        ),
        SecretField(IMAP_PORT, N_("Port of the mailbox"), _imap_port, N_("Usually 993."), is_optional=True),
        SecretField(
            IMAP_USERNAME,
            N_("User name of the mailbox"),
            word(r"[!-~]{1,300}", N_("The user name is one word.")),
            is_optional=True,
        ),
        SecretField(
            IMAP_PASSWORD,
            N_("Password of the mailbox"),
            word(r"[ -~]{1,500}", N_("The password has no letters like é.")),
            is_optional=True,
        ),
        SecretField(
            IMAP_SECURITY,
            N_("Encryption of the mailbox"),
            _security,
            N_("tls, starttls or none. Usually tls."),
            is_optional=True,
        ),
        SecretField(
            IMAP_FOLDER,
            N_("Folder"),
            word(FOLDER, N_("Enter a folder without letters like é, quotation marks and backslashes.")),
            N_("Usually INBOX. Everything in it is marked as read, so take one for returned mail alone."),
            is_optional=True,
        ),
        SecretField(
            BOUNCE,
            N_("Address for returned mail"),
            word(RETURNS, N_("Enter an address like bounce@shop.example, with at most 20 letters before the @.")),
            N_("Usually bounce@ and your domain. Mail to bounce+anything@ has to reach the mailbox."),
            is_optional=True,
        ),
    ),
    _sender,
    {EMAIL: "EMAIL_FROM"},
)
