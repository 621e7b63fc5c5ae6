"""An account at Twilio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers.base import Account, SecretField, Sender, word

SID, TOKEN, SERVICE = "twilio_account_sid", "twilio_auth_token", "twilio_messaging_service_sid"


def _sender(known: Mapping[str, str], number: str, config: Mapping[str, Any]) -> Sender:
    return Sender(number, known[SID], known[TOKEN], known[SERVICE], config["TWILIO_API_BASE"], config["PUBLIC_URL"])


ACCOUNT = Account(
    "Twilio account",
    "the Twilio account",
    (
        SecretField(
            SID,
            "Account SID",
            word(r"AC[0-9A-Za-z]{1,60}", "The Account SID starts with AC. Twilio's console shows it."),
            "It starts with AC.",
        ),
        SecretField(
            TOKEN, "Auth Token", word(r"[!-~]{1,500}", "The Auth Token is one word. Twilio's console shows it.")
        ),
        SecretField(
            SERVICE,
            "Messaging Service SID",
            word(r"MG[0-9A-Za-z]{1,60}", "The Messaging Service SID starts with MG."),
            "It starts with MG. With it Twilio chooses the number of an SMS.",
            is_optional=True,
        ),
    ),
    _sender,
    {SMS: "TWILIO_FROM", WHATSAPP: "TWILIO_WHATSAPP_FROM"},
    "For answers of customers, enter this address at Twilio as the webhook of the number:",
    "/webhooks/twilio/inbound",
)
