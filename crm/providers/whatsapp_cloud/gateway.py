"""WhatsApp by Meta's own Cloud API (the Graph API)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

from crm.messages.channels.base import Channel
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers import answers, http
from crm.providers.base import Answer, Call, Found, Outcome, Question, Sender, test_reference
from crm.providers.whatsapp_cloud.codes import CODES, NO_SUCH_OBJECT
from crm.values.language import N_

NAME = "WhatsApp"
VERSION = "v23.0"
DEFAULT_BASE = "https://graph.facebook.com"


NO_ACCOUNT = N_(
    "WhatsApp needs an access token and a phone number ID. An owner can enter them in Settings › Messaging."
)


class WhatsappCloud:
    name = "whatsapp_cloud"
    by_hand = False
    reports = True
    keeps_window = True
    max_calls = 16  # a number may send 80 messages a second, and a call takes about a fifth of one

    def carries(self, channel: Channel) -> bool:
        return channel is WHATSAPP

    def lacks(self, sender: Sender, channel: Channel) -> str:
        if sender.account and sender.token:
            return ""
        return NO_ACCOUNT

    def send(self, call: Call) -> Outcome:
        """Send the message; reports carry the attempt's id."""
        lacking = self.lacks(call.sender, call.channel)
        if lacking:
            return answers.not_set_up(lacking)
        headers = {"Authorization": f"Bearer {call.sender.token}", "Content-Type": "application/json"}
        try:
            reply = http.request("POST", _url(call.sender), headers, json.dumps(_fields(call)).encode())
        except (http.NoConnectionError, http.LostError) as error:
            return answers.failed(NAME, error)
        return _outcome(reply, call.to)

    def look_up(self, question: Question) -> Found | None:
        """Find nothing: the Cloud API has no look-up."""
        return None


def _url(sender: Sender) -> str:
    base = (sender.base or DEFAULT_BASE).rstrip("/")
    if not re.search(r"/v\d+\.\d+$", base):
        base = f"{base}/{VERSION}"
    return f"{base}/{quote(sender.account, safe='')}/messages"


def _fields(call: Call) -> dict[str, Any]:
    """Build the body (developers.facebook.com/docs/whatsapp/cloud-api/reference/messages)."""
    fields: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": call.to.removeprefix("+"),
    }
    if call.attempt_id:
        fields["biz_opaque_callback_data"] = str(call.attempt_id)
    elif call.test_id:
        fields["biz_opaque_callback_data"] = test_reference(call.test_id)
    if call.template is None:
        return fields | {"type": "text", "text": {"preview_url": False, "body": call.body}}
    template: dict[str, Any] = {"name": call.template.name, "language": {"code": call.template.language}}
    if call.template.parameters:
        values = [{"type": "text", "text": value} for value in call.template.parameters]
        for name, value in zip(call.template.names, values, strict=False):
            value["parameter_name"] = name
        template["components"] = [{"type": "body", "parameters": values}]
    return fields | {"type": "template", "template": template}


def _outcome(reply: http.Reply, to: str) -> Outcome:
    if 200 <= reply.status < 300:
        try:
            answer = reply.json()
            id_ = answer["messages"][0]["id"]
        except (ValueError, LookupError, TypeError):
            return answers.unreadable(NAME)
        if not isinstance(id_, str) or not id_:
            return answers.unreadable(NAME)
        return Outcome(Answer.ACCEPTED, provider_id=id_, known_as=_known_as(answer, to))
    return answers.refused(NAME, reply, *_said(reply), CODES)


def _known_as(answer: dict[str, Any], to: str) -> tuple[str, ...]:
    """Return Meta's other names of the recipient."""
    try:
        contact = answer["contacts"][0]
        names = [contact.get("wa_id"), contact.get("user_id")]
    except (LookupError, TypeError, AttributeError):
        return ()
    return tuple(name[:150] for name in names if isinstance(name, str) and name and name != to.removeprefix("+"))


def _said(reply: http.Reply) -> tuple[int | None, str]:
    try:
        error = reply.json()["error"]
        code, said = error["code"], error.get("error_data", {}).get("details") or error.get("message")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None, ""
    if code == 100 and error.get("error_subcode") == NO_SUCH_OBJECT:
        code = NO_SUCH_OBJECT
    return code if isinstance(code, int) else None, str(said or "")
