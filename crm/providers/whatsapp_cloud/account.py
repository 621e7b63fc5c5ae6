"""A WhatsApp Business account at Meta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.providers.base import Account, SecretField, Sender, word

TOKEN, NUMBER_ID, APP_SECRET, VERIFY_TOKEN = (
    "whatsapp_token",
    "whatsapp_phone_number_id",
    "whatsapp_app_secret",
    "whatsapp_verify_token",
)


def _sender(known: Mapping[str, str], number: str, config: Mapping[str, Any]) -> Sender:
    base, callback = config["WHATSAPP_API_BASE"], config["PUBLIC_URL"]
    return Sender(number, known[NUMBER_ID], known[TOKEN], base=base, callback=callback)


ACCOUNT = Account(
    "WhatsApp Business account",
    "the WhatsApp account",
    (
        SecretField(
            TOKEN,
            "Access token",
            word(r"[!-~]{1,2000}", "The access token is one word. Meta's app dashboard shows it."),
        ),
        SecretField(
            NUMBER_ID,
            "Phone number ID",
            word(r"\d{1,30}", "The phone number ID is digits alone. It isn't the number."),
            "Digits alone. It isn't the number itself.",
        ),
        SecretField(
            APP_SECRET,
            "App secret",
            word(r"[!-~]{1,500}", "The app secret is one word. Meta's app dashboard shows it."),
            "With it we know that reports come from Meta.",
        ),
        SecretField(
            VERIFY_TOKEN,
            "Verify token",
            word(r"[!-~]{1,500}", "The verify token is one word, of your own choice."),
            "A word of your own choice, entered at Meta too.",
        ),
    ),
    _sender,
    webhook_help="Enter this address at Meta as the webhook:",
    webhook_path="/webhooks/whatsapp",
)
