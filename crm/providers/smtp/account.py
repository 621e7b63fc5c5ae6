"""A mail server of one's own, or of one's provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.email import EMAIL
from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_
from crm.values.language import gettext as _

HOST, PORT, USERNAME, PASSWORD, SECURITY = (
    "smtp_host",
    "smtp_port",
    "smtp_username",
    "smtp_password",
    "smtp_security",
)
PORTS = {"starttls": "587", "tls": "465", "none": "25"}
"""The usual port of each way to encrypt, the first one by default."""
ALLOWED_PORTS = ("25", "465", "587", "2525")
"""Where mail servers listen; other ports of a network are nobody's to try from here."""

HOST_NAME = r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


def _port(value: str) -> str:
    if value and value not in ALLOWED_PORTS:
        raise ValueError(_("Use the port 587, 465, 2525 or 25."))
    return value


def _security(value: str) -> str:
    if value and value.lower() not in PORTS:
        raise ValueError(_("Write starttls, tls or none."))
    return value.lower()


def _sender(known: Mapping[str, str], address: str, config: Mapping[str, Any]) -> Sender:
    """Build the sender: `base` is host, port and security, `account` the user name."""
    security = known[SECURITY] or next(iter(PORTS))
    server = f"{known[HOST]}:{known[PORT] or PORTS[security]}:{security}" if known[HOST] else ""
    return Sender(address, known[USERNAME], known[PASSWORD], base=server, callback=config["PUBLIC_URL"])


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
    ),
    _sender,
    {EMAIL: "EMAIL_FROM"},
)
