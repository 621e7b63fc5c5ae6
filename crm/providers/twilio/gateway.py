"""Twilio: SMS and WhatsApp, by its SDK over shared connections."""

from __future__ import annotations

import base64
import functools
import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from crm.messages.channels.base import Channel
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.providers import answers, http
from crm.providers.base import Answer, Call, Found, Outcome, Question, Sender
from crm.providers.twilio.codes import CODES, STATUSES
from crm.providers.twilio.search import SEARCHED, pick
from crm.values.language import N_
from crm.values.stored import stored

NAME = "Twilio"

PREFIXES = {SMS: "", WHATSAPP: "whatsapp:"}
"""The prefix of a number, which selects the channel."""

_UNREADABLE = (TwilioException, ValueError, TypeError, AttributeError, LookupError)
"""Raised by the SDK for unexpected answers."""

log = logging.getLogger(__name__)


NO_ACCOUNT = N_("Twilio needs an Account SID and an Auth Token. An owner can enter them in Settings › Messaging.")
NO_NUMBER = stored(N_("Twilio needs a number to send %(channel)s from. An owner can enter it in Settings › Messaging."))


class Twilio:
    name = "twilio"
    by_hand = False
    reports = True
    keeps_window = True
    max_calls = 32  # Twilio queues for each number, and refuses too many requests at a time (error 20429)

    def carries(self, channel: Channel) -> bool:
        return channel in PREFIXES

    def lacks(self, sender: Sender, channel: Channel) -> str:
        if not sender.account or not sender.token:
            return NO_ACCOUNT
        if not sender.number and not sender.service:
            return NO_NUMBER.english(channel=channel.label)
        return ""

    def send(self, call: Call) -> Outcome:
        """Create the message; its status callback names the attempt."""
        lacking = self.lacks(call.sender, call.channel)
        if lacking:
            return answers.not_set_up(lacking)
        return _outcome(lambda: _client(call.sender).messages.create(**_fields(call)))

    def look_up(self, question: Question) -> Found | None:
        """Fetch the message by its id, or search for it (`search`)."""
        call = question.call
        if self.lacks(call.sender, call.channel):
            return None
        messages = _client(call.sender).messages
        try:
            if question.provider_id:
                found = messages(question.provider_id).fetch()
            else:
                found = pick(messages.list(to=_address(call, call.to), limit=SEARCHED, page_size=SEARCHED), question)
        except (http.NoConnectionError, http.LostError, _RefusedError, *_UNREADABLE) as error:
            log.info("attempt %d: Twilio can't be asked: %s", call.attempt_id, type(error).__name__)
            return None
        return _found(found) if found else None


class _RefusedError(Exception):
    """A refusal with its headers, which the SDK's exception lacks."""

    def __init__(self, reply: http.Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class _Transport(HttpClient):  # type: ignore[misc]  # twilio has no types
    """The SDK's transport: with timeouts, without retries, to TWILIO_API_BASE if set."""

    def __init__(self, base: str) -> None:
        super().__init__(log, is_async=False)
        self.base = base

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request of the SDK."""
        sent = dict(headers or {})
        if auth:
            sent["Authorization"] = "Basic " + base64.b64encode(":".join(auth).encode()).decode()
        body = urlencode(data, doseq=True).encode() if data else None
        reply = http.request(method, self._url(uri, params), sent, body)
        if not 200 <= reply.status < 300:
            raise _RefusedError(reply)
        return Response(reply.status, reply.body.decode(), reply.headers)

    def _url(self, uri: str, params: dict[str, Any] | None) -> str:
        parts = urlsplit(uri)
        query = "&".join(filter(None, (parts.query, urlencode(params, doseq=True) if params else "")))
        if not self.base:
            return urlunsplit(parts._replace(query=query))
        base = urlsplit(self.base)
        return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, query, ""))


@functools.lru_cache(maxsize=64)
def _client(sender: Sender) -> Client:
    return Client(sender.account, sender.token, http_client=_Transport(sender.base))


def _fields(call: Call) -> dict[str, str]:
    """Return the parameters of the Message resource (twilio.com/docs/messaging/api/message-resource)."""
    sender, fields = call.sender, {"to": _address(call, call.to)}
    if sender.service and (call.channel is SMS or not sender.number):
        fields["messaging_service_sid"] = sender.service
    else:
        fields["from_"] = _address(call, sender.number)
    if call.attempt_id:
        fields["status_callback"] = f"{sender.callback}/webhooks/twilio/status/{call.attempt_id}"
    elif call.test_id:
        fields["status_callback"] = f"{sender.callback}/webhooks/twilio/tests/{call.test_id}"
    if call.template is None:
        return fields | {"body": call.body}
    names = call.template.names or map(str, range(1, len(call.template.parameters) + 1))
    values = dict(zip(names, call.template.parameters, strict=True))
    return fields | {"content_sid": call.template.name, "content_variables": json.dumps(values)}


def _address(call: Call, number: str) -> str:
    return f"{PREFIXES[call.channel]}{number}"


def _outcome(create: Callable[[], Any]) -> Outcome:
    try:
        message = create()
    except (http.NoConnectionError, http.LostError) as error:
        return answers.failed(NAME, error)
    except _RefusedError as error:
        return answers.refused(NAME, error.reply, *_said(error.reply), CODES)
    except _UNREADABLE:
        return answers.unreadable(NAME)
    if not isinstance(message.sid, str) or not message.sid:
        return answers.unreadable(NAME)
    return Outcome(Answer.ACCEPTED, provider_id=message.sid[:100])


def _said(reply: http.Reply) -> tuple[int | None, str]:
    try:
        payload = reply.json()
    except ValueError:
        return None, ""
    code = payload.get("code")
    return code if isinstance(code, int) else None, str(payload.get("message") or payload.get("detail") or "")


def _found(message: Any) -> Found | None:
    if not isinstance(message.sid, str) or str(message.status) not in STATUSES:
        return None
    code = message.error_code if isinstance(message.error_code, int) else None
    return Found(message.sid, str(message.status), str(code) if code else None)
