"""Mailgun (documentation.mailgun.com, Messages)."""

from __future__ import annotations

import base64
from urllib.parse import quote, urlencode

from crm.providers import http
from crm.providers.base import Answer, Call, Meaning, Sender
from crm.providers.letters.html import html_of
from crm.providers.letters.http_gateway import HttpGateway, Refusal, Request, reference
from crm.providers.letters.message import headers_of, letter_of, sender_name
from crm.values.language import N_

_SENDER = Answer.REFUSED_SENDER
CODES = {
    401: Meaning(_SENDER, N_("Mailgun refused the account: the API key is wrong, or of another region.")),
    402: Meaning(_SENDER, N_("Mailgun suspended the account. Look into Mailgun.")),
    403: Meaning(_SENDER, N_("Mailgun does not let this account send. Look into Mailgun.")),
    404: Meaning(_SENDER, N_("Mailgun does not know the domain in this region.")),
    413: Meaning(Answer.PERMANENT, N_("The e-mail is too large for Mailgun.")),
    429: Meaning(Answer.RATE_LIMITED, N_("Mailgun asked to slow down.")),
}
"""By HTTP status."""


class Mailgun(HttpGateway):
    name = "mailgun"
    label = "Mailgun"
    codes = CODES

    def has_keys(self, sender: Sender) -> bool:
        return bool(sender.account and sender.token)

    def request(self, call: Call) -> Request:
        letter = letter_of(call)
        fields = {
            "from": str(letter["From"]),
            "to": str(letter["To"]),
            "subject": call.subject,
            "text": call.body,
            "html": html_of(call.subject, call.body, sender_name(call)),
            "o:tracking": "no",
            "v:attempt": reference(call),
            **{f"h:{name}": value for name, value in headers_of(letter).items()},
        }
        fields |= {"h:Reply-To": str(letter["Reply-To"])} if letter["Reply-To"] else {}
        key = base64.b64encode(f"api:{call.sender.token}".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/x-www-form-urlencoded"}
        url = f"{call.sender.base.rstrip('/')}/v3/{quote(call.sender.account, safe='')}/messages"
        return Request(url, headers, urlencode(fields).encode())

    def accepted_id(self, reply: http.Reply) -> str:
        found: str = reply.json()["id"]
        return found.strip("<>")

    def refusal(self, reply: http.Reply) -> Refusal:
        if reply.status == 401:
            return Refusal(401, "")  # its answer is no JSON
        return Refusal(reply.status, str(reply.json()["message"]))
