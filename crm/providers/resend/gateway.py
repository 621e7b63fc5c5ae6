"""Resend (resend.com/docs/api-reference/emails/send-email)."""

from __future__ import annotations

import json

from crm.providers import http
from crm.providers.base import Answer, Call, Meaning
from crm.providers.letters.html import html_of
from crm.providers.letters.http_gateway import HttpGateway, Refusal, Request, reference
from crm.providers.letters.message import headers_of, letter_of, sender_name
from crm.values.language import N_

DEFAULT_BASE = "https://api.resend.com"

_SENDER, _PERMANENT = Answer.REFUSED_SENDER, Answer.PERMANENT
CODES = {
    400: Meaning(_PERMANENT, N_("Resend refused the e-mail.")),
    401: Meaning(_SENDER, N_("Resend refused the account: the API key is wrong.")),
    403: Meaning(_SENDER, N_("Resend refused the sender: verify its domain in Resend.")),
    429: Meaning(Answer.RATE_LIMITED, N_("Resend asked to slow down.")),
}
"""By HTTP status. Source: resend.com/docs/api-reference/errors."""


class Resend(HttpGateway):
    name = "resend"
    label = "Resend"
    codes = CODES
    max_calls = 4  # two requests a second at first; more by request

    def request(self, call: Call) -> Request:
        letter = letter_of(call)
        fields = {
            "from": str(letter["From"]),
            "to": [str(letter["To"])],
            "subject": call.subject,
            "text": call.body,
            "html": html_of(call.subject, call.body, sender_name(call)),
            "headers": headers_of(letter),
            "tags": [{"name": "attempt", "value": reference(call)}],
        }
        fields |= {"reply_to": str(letter["Reply-To"])} if letter["Reply-To"] else {}
        headers = {
            "Authorization": f"Bearer {call.sender.token}",
            "Content-Type": "application/json",
            # For a day Resend answers the same key with the same e-mail, and sends nothing twice.
            "Idempotency-Key": f"attempt-{reference(call)}",
        }
        base = call.sender.base or DEFAULT_BASE
        return Request(f"{base.rstrip('/')}/emails", headers, json.dumps(fields).encode())

    def accepted_id(self, reply: http.Reply) -> str:
        found: str = reply.json()["id"]
        return found

    def refusal(self, reply: http.Reply) -> Refusal:
        return Refusal(reply.status, str(reply.json()["message"]))
