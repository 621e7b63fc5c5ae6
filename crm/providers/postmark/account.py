"""A server at Postmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.email import EMAIL
from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_

TOKEN, WEBHOOK = "postmark_server_token", "postmark_webhook_password"


def _sender(known: Mapping[str, str], address: str, config: Mapping[str, Any]) -> Sender:
    return Sender(address, token=known[TOKEN], base=config["POSTMARK_API_BASE"], callback=config["PUBLIC_URL"])


ACCOUNT = Account(
    N_("Postmark server"),
    (
        SecretField(
            TOKEN,
            N_("Server API token"),
            word(r"[!-~]{1,200}", N_("The server token is one word. Copy it from Postmark's API Tokens.")),
        ),
        SecretField(
            WEBHOOK,
            N_("Webhook password"),
            word(r"[A-Za-z0-9._~-]{16,200}", N_("The webhook password has 16 or more letters and digits.")),
            N_("A password you choose. Enter it at Postmark as that of the webhook, with any user name."),
        ),
    ),
    _sender,
    {EMAIL: "EMAIL_FROM"},
    N_("To receive reports, enter this address at Postmark as a webhook for delivery, bounce and spam complaint:"),
    "/webhooks/postmark",
    "https://account.postmarkapp.com/servers",
)
