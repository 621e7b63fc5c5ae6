"""Twilio's webhook requests (twilio.com/docs/messaging/guides/track-outbound-message-status, …/webhook-request)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from crm.inbox.inbound import Incoming
from crm.messages.channels.base import Channel
from crm.messages.channels.sms import SMS
from crm.messages.channels.whatsapp import WHATSAPP
from crm.messages.inbound_models import Effect
from crm.providers import untrusted
from crm.providers.base import Reported
from crm.providers.descriptions import AD, CARDS, DETAILED, REACTED, joined
from crm.providers.twilio.gateway import PREFIXES
from crm.values.language import N_
from crm.values.stored import Stored, stored

EFFECTS = {"STOP": Effect.STOP, "START": Effect.START}
"""By OptOutType (Advanced Opt-Out); HELP is ignored."""

KINDS = {
    "image/": (N_("a picture"), stored(N_("%(number)s pictures"))),
    "video/": (N_("a video"), stored(N_("%(number)s videos"))),
    "audio/": (N_("a voice message"), stored(N_("%(number)s voice messages"))),
    "text/vcard": (N_("a contact card"), CARDS),
    "text/x-vcard": (N_("a contact card"), CARDS),
    "application/": (N_("a document"), stored(N_("%(number)s documents"))),
    "text/": (N_("a document"), stored(N_("%(number)s documents"))),
}
"""Names of files, one and several, by content type."""

FILE = N_("a file"), stored(N_("%(number)s files"))

MOST_FILES = 10


def report(attempt_id: int, form: Mapping[str, str]) -> Reported:
    """Read a status report; raises ValueError with a sentence."""
    sid = untrusted.text(form.get("MessageSid") or form.get("SmsSid"))
    word = untrusted.text(form.get("MessageStatus") or form.get("SmsStatus"), 40)
    if not sid or not word:
        raise ValueError("A report has a MessageSid and a MessageStatus.")
    return Reported(attempt_id, word, sid, untrusted.text(form.get("ErrorCode"), 40) or None)


def written_to(form: Mapping[str, str]) -> tuple[Channel, str, str]:
    """Return the channel, the number, and the Messaging Service of an inbound text."""
    return *_address(form.get("To", "")), untrusted.text(form.get("MessagingServiceSid"))


def incoming(form: Mapping[str, str]) -> Incoming:
    """Read an inbound text; raises ValueError with a sentence."""
    sid = untrusted.text(form.get("MessageSid") or form.get("SmsSid"))
    channel, sender = _address(form.get("From", ""))
    _, recipient = _address(form.get("To", ""))
    if not sid or not sender or not recipient:
        raise ValueError("A text has a MessageSid, a From and a To.")
    has_number = channel is SMS or sender.startswith("+")
    body, what = _content(form)
    return Incoming(
        "twilio",
        sid,
        channel,
        sender if has_number else "",
        recipient,
        body,
        what=what,
        effect=EFFECTS.get(untrusted.text(form.get("OptOutType"), 10).upper(), Effect.NONE),
        opens_window=not _is_reaction(form),
        sender_id="" if has_number else sender,
    )


def _content(form: Mapping[str, str]) -> tuple[str, str]:
    body, emoji = form.get("Body", ""), untrusted.text(form.get("Body"), 20)
    if _is_reaction(form):
        return "", REACTED.english(emoji=emoji) if emoji else N_("took a reaction back")
    pressed = untrusted.text(form.get("ButtonText") or form.get("ListTitle"))
    headline = untrusted.text(form.get("ReferralHeadline") or form.get("ReferralBody"), 80)
    parts = [_files(form), _location(form), AD.english(headline=headline) if headline else ""]
    if untrusted.text(form.get("InteractiveData") or form.get("FlowData")):
        parts.append(N_("a form that was filled in"))
    what = joined(*parts)
    return body or pressed, what or ("" if body or pressed else N_("a message without a text"))


def _is_reaction(form: Mapping[str, str]) -> bool:
    return untrusted.text(form.get("MessageType"), 20).lower() == "reaction"


def _files(form: Mapping[str, str]) -> str:
    """Describe the files: "2 pictures, a video"."""
    number = untrusted.text(form.get("NumMedia"), 3)
    count = min(int(number), MOST_FILES) if number.isdecimal() else 0
    kinds = Counter(_kind(untrusted.text(form.get(f"MediaContentType{place}"))) for place in range(count))
    return ", ".join(one if number == 1 else many.english(number=number) for (one, many), number in kinds.items())


def _kind(content_type: str) -> tuple[str, Stored]:
    found = (kind for start, kind in KINDS.items() if content_type.lower().startswith(start))
    return next(found, FILE)


def _location(form: Mapping[str, str]) -> str:
    point = untrusted.text(form.get("Latitude"), 20), untrusted.text(form.get("Longitude"), 20)
    if not all(point):
        return ""
    place = untrusted.text(form.get("Label"), 60), untrusted.text(form.get("Address"), 80), ", ".join(point)
    return DETAILED.english(sentence=N_("a location"), detail=joined(*place))


def _address(address: str) -> tuple[Channel, str]:
    found = untrusted.text(address)
    prefix = PREFIXES[WHATSAPP]
    return (WHATSAPP, found.removeprefix(prefix)) if found.startswith(prefix) else (SMS, found)
