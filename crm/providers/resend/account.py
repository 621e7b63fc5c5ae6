"""An account at Resend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.email import EMAIL
from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_

KEY, WEBHOOK = "resend_api_key", "resend_webhook_secret"


def _sender(known: Mapping[str, str], address: str, config: Mapping[str, Any]) -> Sender:
    return Sender(address, token=known[KEY], base=config["RESEND_API_BASE"], callback=config["PUBLIC_URL"])


ACCOUNT = Account(
    N_("Resend account"),
    (
        SecretField(
            KEY,
            N_("API key"),
            word(r"re_[!-~]{1,200}", N_("The API key starts with re_. Copy it from Resend.")),
            N_("Starts with re_."),
        ),
        SecretField(
            WEBHOOK,
            N_("Signing secret"),
            word(
                r"whsec_[A-Za-z0-9+/=]{16,200}",
                N_("The signing secret starts with whsec_. Copy it from the webhook at Resend."),
            ),
            N_("Starts with whsec_. Used to check that reports really come from Resend."),
        ),
    ),
    _sender,
    {EMAIL: "EMAIL_FROM"},
    N_("To receive reports, enter this address at Resend as a webhook:"),
    "/webhooks/resend",
    "https://resend.com/webhooks",
    dkim_selectors=("resend",),
)
