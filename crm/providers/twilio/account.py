"""An account at Twilio."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers.base import Account, SecretField, Sender, word
from crm.values.language import N_

SID, TOKEN, SERVICE = "twilio_account_sid", "twilio_auth_token", "twilio_messaging_service_sid"


def _sender(known: Mapping[str, str], number: str, config: Mapping[str, Any]) -> Sender:
    return Sender(number, known[SID], known[TOKEN], known[SERVICE], config["TWILIO_API_BASE"], config["PUBLIC_URL"])


ACCOUNT = Account(
    N_("Twilio account"),
    (
        SecretField(
            SID,
            N_("Account SID"),
            word(r"AC[0-9A-Za-z]{1,60}", N_("The Account SID starts with AC. Copy it from Twilio's console.")),
            N_("Starts with AC."),
        ),
        SecretField(
            TOKEN,
            N_("Auth Token"),
            word(r"[!-~]{1,500}", N_("The Auth Token is one word. Copy it from Twilio's console.")),
        ),
        SecretField(
            SERVICE,
            N_("Messaging Service SID"),
            word(r"MG[0-9A-Za-z]{1,60}", N_("The Messaging Service SID starts with MG.")),
            N_("Starts with MG. Twilio then picks the sender number."),
            is_optional=True,
        ),
    ),
    _sender,
    {SMS: "TWILIO_FROM", WHATSAPP: "TWILIO_WHATSAPP_FROM"},
    N_("To receive replies, enter this address at Twilio as the webhook of your number:"),
    "/webhooks/twilio/inbound",
    "https://console.twilio.com/",
)
