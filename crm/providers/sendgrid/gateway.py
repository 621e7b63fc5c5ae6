"""SendGrid (twilio.com/docs/sendgrid/api-reference/mail-send)."""

from __future__ import annotations

import json
from email.headerregistry import Address
from typing import Any

from crm.providers import http
from crm.providers.base import Answer, Call, Meaning
from crm.providers.letters.html import html_of
from crm.providers.letters.http_gateway import HttpGateway, Refusal, Request, reference
from crm.providers.letters.message import headers_of, letter_of, reply_address, sender_name, sender_of
from crm.values.language import N_

DEFAULT_BASE = "https://api.sendgrid.com"

_SENDER = Answer.REFUSED_SENDER
CODES = {
    401: Meaning(_SENDER, N_("SendGrid refused the account: the API key is wrong.")),
    403: Meaning(_SENDER, N_("SendGrid refused the sender: verify its address or domain in SendGrid.")),
    413: Meaning(Answer.PERMANENT, N_("The e-mail is too large for SendGrid.")),
    429: Meaning(Answer.RATE_LIMITED, N_("SendGrid asked to slow down.")),
}
"""By HTTP status."""


class Sendgrid(HttpGateway):
    name = "sendgrid"
    label = "SendGrid"
    codes = CODES

    def request(self, call: Call) -> Request:
        letter = letter_of(call)
        off = {"enable": False}
        fields: dict[str, Any] = {
            "personalizations": [{"to": [{"email": str(letter["To"])}]}],
            "from": _mailbox(sender_of(call)),
            "subject": call.subject,
            "content": [
                {"type": "text/plain", "value": call.body},
                {"type": "text/html", "value": html_of(call.subject, call.body, sender_name(call))},
            ],
            "headers": headers_of(letter),
            "custom_args": {"attempt": reference(call)},
            "tracking_settings": {"click_tracking": off, "open_tracking": off},
        }
        answers_to = reply_address(call)
        fields |= {"reply_to": _mailbox(answers_to)} if answers_to else {}
        headers = {"Authorization": f"Bearer {call.sender.token}", "Content-Type": "application/json"}
        base = call.sender.base or DEFAULT_BASE
        return Request(f"{base.rstrip('/')}/v3/mail/send", headers, json.dumps(fields).encode())

    def accepted_id(self, reply: http.Reply) -> str:
        return reply.headers["x-message-id"]

    def refusal(self, reply: http.Reply) -> Refusal:
        return Refusal(reply.status, str(reply.json()["errors"][0]["message"]))


def _mailbox(address: Address) -> dict[str, str]:
    named = {"name": address.display_name} if address.display_name else {}
    return {"email": address.addr_spec, **named}
