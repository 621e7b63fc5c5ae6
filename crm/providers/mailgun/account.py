"""A sending domain at Mailgun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.email import EMAIL
from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_
from crm.values.language import gettext as _

DOMAIN, KEY, SIGNING, REGION = "mailgun_domain", "mailgun_api_key", "mailgun_signing_key", "mailgun_region"
BASES = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
"""By region, the first one by default."""


def _region(value: str) -> str:
    if value and value.lower() not in BASES:
        raise ValueError(_("Write us or eu."))
    return value.lower()


def _sender(known: Mapping[str, str], address: str, config: Mapping[str, Any]) -> Sender:
    base = config["MAILGUN_API_BASE"] or BASES[known[REGION] or next(iter(BASES))]
    return Sender(address, known[DOMAIN], known[KEY], base=base, callback=config["PUBLIC_URL"])


ACCOUNT = Account(
    N_("Mailgun domain"),
    (
        SecretField(
            DOMAIN,
            N_("Sending domain"),
            word(r"[A-Za-z0-9.-]{3,253}", N_("Enter the domain as Mailgun shows it, like mg.shop.example.")),
            N_("Like mg.shop.example."),
        ),
        SecretField(KEY, N_("Sending key"), word(r"[!-~]{1,200}", N_("The key is one word. Copy it from Mailgun."))),
        SecretField(
            SIGNING,
            N_("Webhook signing key"),
            word(r"[!-~]{1,200}", N_("The key is one word. Copy it from Mailgun.")),
            N_("Used to check that reports really come from Mailgun."),
        ),
        SecretField(REGION, N_("Region"), _region, N_("us or eu. Usually us."), is_optional=True),
    ),
    _sender,
    {EMAIL: "EMAIL_FROM"},
    N_("To receive reports, enter this address at Mailgun as the webhook of delivered, failed and spam:"),
    "/webhooks/mailgun",
    "https://app.mailgun.com/",
    dkim_selectors=("k1", "s1", "mx", "pic", "smtp", "email", "mg"),
)
