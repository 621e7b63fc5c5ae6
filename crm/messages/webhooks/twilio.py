"""What Twilio's requests say (twilio.com/docs/messaging/guides/track-outbound-message-status, …/webhook-request)."""

from __future__ import annotations

from collections.abc import Mapping

from crm.messages.inbound import Incoming
from crm.messages.reports import Heard
from crm.messages.rules import Channel
from crm.messages.webhooks import values

WHATSAPP = "whatsapp:"


def report(attempt_id: int, form: Mapping[str, str]) -> Heard:
    """Return what became of an attempt; raises ValueError with a sentence."""
    sid = values.text(form.get("MessageSid") or form.get("SmsSid"))
    word = values.text(form.get("MessageStatus") or form.get("SmsStatus"), 40)
    if not sid or not word:
        raise ValueError("A report has a MessageSid and a MessageStatus.")
    return Heard(attempt_id, word, sid, values.text(form.get("ErrorCode"), 40) or None)


def written_to(form: Mapping[str, str]) -> tuple[Channel, str, str]:
    """Return by which channel a text came in, to which number, and the Messaging Service that has the number."""
    return *_place(form.get("To", "")), values.text(form.get("MessagingServiceSid"))


def incoming(form: Mapping[str, str]) -> Incoming:
    """Return the text that came in; raises ValueError with a sentence."""
    sid = values.text(form.get("MessageSid") or form.get("SmsSid"))
    channel, sender = _place(form.get("From", ""))
    _, recipient = _place(form.get("To", ""))
    if not sid or not sender or not recipient:
        raise ValueError("A text has a MessageSid, a From and a To.")
    what = "a file" if values.text(form.get("NumMedia"), 3).strip("0") else ""
    return Incoming("twilio", sid, channel, sender, recipient, form.get("Body", ""), what=what)


def _place(address: str) -> tuple[Channel, str]:
    found = values.text(address)
    if found.startswith(WHATSAPP):
        return Channel.WHATSAPP, found.removeprefix(WHATSAPP)
    return Channel.SMS, found
