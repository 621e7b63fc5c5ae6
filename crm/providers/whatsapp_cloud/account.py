"""A WhatsApp Business account at Meta."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_

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
    N_("WhatsApp Business account"),
    (
        SecretField(
            TOKEN,
            N_("Access token"),
            word(r"[!-~]{1,2000}", N_("The access token is one word. Copy it from Meta's app dashboard.")),
        ),
        SecretField(
            NUMBER_ID,
            N_("Phone number ID"),
            word(r"\d{1,30}", N_("The phone number ID has only digits. It is Meta's ID, not your phone number.")),
            N_("Digits only. This is Meta's ID, not your phone number."),
        ),
        SecretField(
            APP_SECRET,
            N_("App secret"),
            word(r"[!-~]{1,500}", N_("The app secret is one word. Copy it from Meta's app dashboard.")),
            N_("Used to check that reports really come from Meta."),
        ),
        SecretField(
            VERIFY_TOKEN,
            N_("Verify token"),
            word(r"[!-~]{1,500}", N_("The verify token is one word that you choose.")),
            N_("A word you choose. Enter the same one at Meta."),
        ),
    ),
    _sender,
    webhook_help=N_("To receive replies and reports, enter this address at Meta as the webhook:"),
    webhook_path="/webhooks/whatsapp",
    console="https://developers.facebook.com/apps/",
)
