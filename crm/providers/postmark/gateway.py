"""Postmark (postmarkapp.com/developer/api/email-api)."""

from __future__ import annotations

import json

from crm.providers import http
from crm.providers.base import Answer, Call, Meaning
from crm.providers.letters.html import html_of
from crm.providers.letters.http_gateway import HttpGateway, Refusal, Request, reference
from crm.providers.letters.message import headers_of, letter_of, sender_name
from crm.values.language import N_

DEFAULT_BASE = "https://api.postmarkapp.com"

_SENDER, _PERMANENT = Answer.REFUSED_SENDER, Answer.PERMANENT
INVALID, INACTIVE = 300, 406
CODES = {
    10: Meaning(_SENDER, N_("Postmark refused the account: the server token is wrong.")),
    INVALID: Meaning(_PERMANENT, N_("Postmark refused the e-mail: an address in it is wrong.")),
    400: Meaning(_SENDER, N_("Postmark does not know the sender address. Confirm it in Postmark.")),
    401: Meaning(_SENDER, N_("Postmark does not know the sender address. Confirm it in Postmark.")),
    405: Meaning(_SENDER, N_("The Postmark account has sent all that it may send.")),
    INACTIVE: Meaning(
        _PERMANENT, N_("Postmark sends nothing to this address: mail to it came back, or was reported as spam.")
    ),
    412: Meaning(_SENDER, N_("Postmark has not approved the account yet.")),
    413: Meaning(_SENDER, N_("The Postmark account may not send.")),
    429: Meaning(Answer.RATE_LIMITED, N_("Postmark asked to slow down.")),
}
"""Source: postmarkapp.com/developer/api/overview, error codes."""


class Postmark(HttpGateway):
    name = "postmark"
    label = "Postmark"
    codes = CODES
    dead = frozenset({INACTIVE})

    def request(self, call: Call) -> Request:
        letter = letter_of(call)
        fields = {
            "From": str(letter["From"]),
            "To": str(letter["To"]),
            "Subject": call.subject,
            "TextBody": call.body,
            "HtmlBody": html_of(call.subject, call.body, sender_name(call)),
            "MessageStream": "outbound",
            "TrackOpens": False,
            "TrackLinks": "None",
            "Metadata": {"attempt": reference(call)},
            "Headers": [
                *({"Name": name, "Value": value} for name, value in headers_of(letter).items()),
                # Otherwise the Message-ID would be one of Postmark's own.
                {"Name": "X-PM-KeepID", "Value": "true"},
            ],
        }
        fields |= {"ReplyTo": str(letter["Reply-To"])} if letter["Reply-To"] else {}
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "X-Postmark-Server-Token": call.sender.token,
        }
        base = call.sender.base or DEFAULT_BASE
        return Request(f"{base.rstrip('/')}/email", headers, json.dumps(fields).encode())

    def accepted_id(self, reply: http.Reply) -> str:
        found: str = reply.json()["MessageID"]
        return found

    def refusal(self, reply: http.Reply) -> Refusal:
        said = reply.json()
        return Refusal(int(said["ErrorCode"]), str(said.get("Message", "")))
