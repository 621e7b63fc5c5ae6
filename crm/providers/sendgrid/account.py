"""An account at SendGrid."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from crm.messages.channels.email import EMAIL
from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_
from crm.values.language import gettext as _

KEY, WEBHOOK = "sendgrid_api_key", "sendgrid_verification_key"


def public_key(text: str) -> EllipticCurvePublicKey:
    """Read a verification key as SendGrid shows it; raises ValueError."""
    try:
        found = load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(_("Copy the verification key from the signed event webhook at SendGrid.")) from None
    if not isinstance(found, EllipticCurvePublicKey):
        raise ValueError(_("Copy the verification key from the signed event webhook at SendGrid."))
    return found


def _verification_key(value: str) -> str:
    if value:
        public_key(value)
    return value


def _sender(known: Mapping[str, str], address: str, config: Mapping[str, Any]) -> Sender:
    return Sender(address, token=known[KEY], base=config["SENDGRID_API_BASE"], callback=config["PUBLIC_URL"])


ACCOUNT = Account(
    N_("SendGrid account"),
    (
        SecretField(
            KEY,
            N_("API key"),
            word(r"SG\.[!-~]{1,200}", N_("The API key starts with SG. Copy it from SendGrid.")),
            N_("Starts with SG. It needs only the permission to send mail."),
        ),
        SecretField(
            WEBHOOK,
            N_("Verification key"),
            _verification_key,
            N_("Of the signed event webhook. Used to check that reports really come from SendGrid."),
        ),
    ),
    _sender,
    {EMAIL: "EMAIL_FROM"},
    N_("To receive reports, enter this address at SendGrid as the event webhook, and switch its signature on:"),
    "/webhooks/sendgrid",
    "https://app.sendgrid.com/settings/mail_settings",
    dkim_selectors=("s1", "s2"),
)
