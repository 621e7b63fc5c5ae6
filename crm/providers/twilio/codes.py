"""Twilio's error codes, in answers and reports.

Sources: Twilio's Error and Warning Dictionary, https://www.twilio.com/docs/api/errors/CODE for each; the newer codes of
bad numbers by its changelog of 10 July 2024.
"""

from __future__ import annotations

from collections.abc import Mapping

from crm.messages.rules import Status
from crm.providers.base import Answer, Meaning
from crm.values.language import N_
from crm.values.stored import stored

_SENDER, _PERMANENT, _LIMITED = Answer.REFUSED_SENDER, Answer.PERMANENT, Answer.RATE_LIMITED

_ACCOUNT = Meaning(_SENDER, N_("Twilio refused the account: the Account SID or the Auth Token is wrong."))
_SUSPENDED = Meaning(_SENDER, N_("Twilio suspended the account. Look into the Twilio console."))
_FROM = Meaning(_SENDER, N_("Twilio refused the number it is sent from: it isn't one of this account that can send."))
_SERVICE = Meaning(_SENDER, N_("Twilio refused the Messaging Service: it is unknown, or has no number that can send."))
_CALLBACK = Meaning(_SENDER, N_("Twilio can't use the address for its reports: PUBLIC_URL has to be a public URL."))
_NO_NUMBER = Meaning(_PERMANENT, N_("There is no such phone number. Correct it, then send it again."))
_NO_SMS = Meaning(_PERMANENT, N_("This number can't get SMS: it is not a mobile number."))
_COUNTRY = Meaning(_PERMANENT, N_("The Twilio account may not send to this country. Allow it in the Twilio console."))
_CONTENT = Meaning(_PERMANENT, N_("Twilio refused the text."))
_LONG = Meaning(_PERMANENT, N_("The text is too long. Shorten it, then send it again."))
_EMPTY = Meaning(_PERMANENT, N_("The text is empty."))
_TEMPLATE = Meaning(_PERMANENT, N_("The WhatsApp template or its parameters are not as they were approved."))
_WINDOW = Meaning(
    _PERMANENT,
    N_("The customer has not written on WhatsApp in the last 24 hours: only an approved template can be sent."),
)
_NO_WHATSAPP = Meaning(_PERMANENT, N_("This number has no WhatsApp, or can't get the message."))
_SLOWER = Meaning(_LIMITED, N_("Twilio asked to slow down."))
_UNREACHABLE = Meaning(_PERMANENT, N_("The phone is switched off or can't be reached."))
_FILTERED = Meaning(_PERMANENT, N_("The network filtered the message: it took it for spam."))

_DAY = Meaning(_LIMITED, N_("The number has sent all that the networks let it send today."))
_PUMPED = Meaning(
    _PERMANENT, N_("Twilio held it back: many messages to such numbers looked like fraud. Send it again later.")
)

CODES: Mapping[int, Meaning] = {
    # The account
    20003: _ACCOUNT,
    20005: _SUSPENDED,
    20006: Meaning(_SENDER, N_("Twilio denied access to the account.")),
    20008: Meaning(_SENDER, N_("These are Twilio's test credentials: they send nothing. Enter the live ones.")),
    20403: Meaning(_SENDER, N_("The Twilio account may not send messages.")),
    20404: Meaning(_SENDER, N_("Twilio does not know the account. Check the Account SID.")),
    21608: Meaning(
        _PERMANENT, N_("A Twilio trial account sends to verified numbers alone. Verify this one, or upgrade.")
    ),
    30002: _SUSPENDED,
    63020: Meaning(_SENDER, N_("Meta refused the WhatsApp Business account. Look into the WhatsApp Manager.")),
    # Too fast
    14107: _SLOWER,
    20429: _SLOWER,
    21611: Meaning(_LIMITED, N_("Too many messages of this number wait at Twilio.")),
    30001: Meaning(_LIMITED, N_("Too many messages of this number wait at Twilio.")),
    30022: _SLOWER,
    63018: _SLOWER,
    63038: Meaning(_LIMITED, N_("The Twilio account has sent all it may send today.")),
    # The number it is sent from
    14108: _FROM,
    21212: _FROM,
    21601: _FROM,
    21603: _FROM,
    21606: _FROM,
    21659: _FROM,
    21660: _FROM,
    21661: _FROM,
    21701: _SERVICE,
    21702: _SERVICE,
    21703: _SERVICE,
    21704: _SERVICE,
    21705: _SERVICE,
    30034: Meaning(_SENDER, N_("The number it is sent from is not registered for business texts (A2P 10DLC).")),
    63007: _FROM,
    21609: _CALLBACK,
    # The number it is sent to
    21610: Meaning(Answer.OPTED_OUT, N_("The customer has opted out of messages from this number.")),
    21211: _NO_NUMBER,
    21217: _NO_NUMBER,
    21265: Meaning(_PERMANENT, N_("A short number can't get this message.")),
    21266: Meaning(_PERMANENT, N_("The customer's number is the one it would be sent from.")),
    21268: Meaning(_PERMANENT, N_("This is a number of a paid service, which gets no messages.")),
    21408: _COUNTRY,
    21604: _NO_NUMBER,
    21612: Meaning(_PERMANENT, N_("Twilio has no way to this number from the number it is sent from.")),
    21614: _NO_SMS,
    21635: _NO_SMS,
    63003: _NO_WHATSAPP,
    63024: _NO_WHATSAPP,
    # The text
    21602: _EMPTY,
    21605: _LONG,
    21617: _LONG,
    21619: _EMPTY,
    21620: _CONTENT,
    21655: _TEMPLATE,
    21656: _TEMPLATE,
    63013: Meaning(_PERMANENT, N_("WhatsApp refused the text: it breaks a rule of the channel.")),
    63016: _WINDOW,
    63021: Meaning(_PERMANENT, N_("WhatsApp refused the content, or it is too long with its parameters.")),
    63027: _TEMPLATE,
    63028: _TEMPLATE,
    # In reports
    30003: _UNREACHABLE,
    30004: Meaning(_PERMANENT, N_("The phone or its network blocks messages from this number.")),
    30005: Meaning(_PERMANENT, N_("The phone number is not in use any more, or unknown to its network.")),
    30006: _NO_SMS,
    30007: _FILTERED,
    30008: Meaning(_PERMANENT, N_("The network did not deliver the message and gave no reason.")),
    30009: Meaning(_PERMANENT, N_("A part of the message got lost on the way.")),
    30010: Meaning(_PERMANENT, N_("The message costs more than the account allows for one.")),
    30011: Meaning(_PERMANENT, N_("This number can't get pictures by SMS.")),
    30017: Meaning(_PERMANENT, N_("The network is overloaded.")),
    30018: Meaning(
        _PERMANENT, N_("The customer's country asks for a registered sender. Register it in the Twilio console.")
    ),
    30019: Meaning(_PERMANENT, N_("The message is larger than the customer's network takes.")),
    30020: Meaning(_PERMANENT, N_("Twilio failed at its own side.")),
    30021: Meaning(_PERMANENT, N_("Twilio failed at its own side.")),
    30023: _DAY,
    30024: Meaning(_PERMANENT, N_("The customer's network does not know the number it is sent from yet.")),
    30027: _DAY,
    30032: Meaning(
        _SENDER, N_("The toll-free number it is sent from is not verified. Verify it in the Twilio console.")
    ),
    30033: Meaning(
        _SENDER, N_("The registration for business texts (A2P 10DLC) is suspended. Look into the Twilio console.")
    ),
    30035: Meaning(_SENDER, N_("The number it is sent from is still being registered for business texts (A2P 10DLC).")),
    30036: Meaning(_PERMANENT, N_("It waited at Twilio until it was too late to send it.")),
    30037: Meaning(_SENDER, N_("Twilio switched sending off for this account. Look into the Twilio console.")),
    30038: Meaning(_PERMANENT, N_("Twilio filtered the message: it took it for a one-time password.")),
    30039: Meaning(_PERMANENT, N_("Twilio stopped the message: it took it for an answer of one machine to another.")),
    30044: Meaning(
        _PERMANENT, N_("The text is too long for a Twilio trial account. Shorten it, or upgrade the account.")
    ),
    30410: Meaning(_PERMANENT, N_("The network did not answer Twilio in time.")),
    30450: _PUMPED,
    30453: _PUMPED,
    30454: _PUMPED,
    63001: Meaning(
        _SENDER, N_("WhatsApp refused the account at Twilio. Connect the WhatsApp sender anew in its console.")
    ),
    63002: Meaning(_SENDER, N_("Twilio has no such WhatsApp sender any more. Look into the Twilio console.")),
    63005: Meaning(_PERMANENT, N_("WhatsApp refused the text.")),
    63010: Meaning(_PERMANENT, N_("WhatsApp failed at Twilio's side.")),
    63012: Meaning(_PERMANENT, N_("WhatsApp failed at its own side.")),
    63011: Meaning(_PERMANENT, N_("WhatsApp could not say what this customer can get.")),
    63014: Meaning(_PERMANENT, N_("The customer blocked messages from this number.")),
    63015: Meaning(_PERMANENT, N_("The WhatsApp sandbox of Twilio sends only to numbers that have joined it.")),
    63019: Meaning(_PERMANENT, N_("WhatsApp could not load the file of the message.")),
    63022: Meaning(_SENDER, N_("WhatsApp does not accept the name of the sender. Look into the WhatsApp Manager.")),
    63023: Meaning(_PERMANENT, N_("WhatsApp did not deliver it and gave no reason.")),
    63025: Meaning(_PERMANENT, N_("WhatsApp could not use the file of the message.")),
    63029: Meaning(_PERMANENT, N_("The customer's WhatsApp could not load the template. It may be too old.")),
    63030: Meaning(_PERMANENT, N_("WhatsApp does not know a part of the message.")),
    63031: Meaning(_PERMANENT, N_("The customer's number is the one it would be sent from.")),
    63032: Meaning(_PERMANENT, N_("WhatsApp did not deliver it: it limits what this customer gets.")),
    63033: Meaning(_PERMANENT, N_("The customer blocked messages from this number.")),
    63036: Meaning(_PERMANENT, N_("The customer can't be reached on WhatsApp at this number.")),
    63040: Meaning(_PERMANENT, N_("WhatsApp did not approve the template.")),
    63041: Meaning(_PERMANENT, N_("WhatsApp paused the template, for customers complained about it.")),
    63042: Meaning(_PERMANENT, N_("WhatsApp switched the template off, for customers complained about it.")),
    63051: Meaning(_SENDER, N_("Meta locked the WhatsApp Business account. Look into the WhatsApp Manager.")),
    63112: Meaning(_SENDER, N_("Meta switched the WhatsApp Business account off. Look into the WhatsApp Manager.")),
    63049: Meaning(_PERMANENT, N_("WhatsApp chose not to deliver this message: it limits advertising.")),
}

STATUSES: Mapping[str, Status] = {
    "queued": Status.ACCEPTED,
    "accepted": Status.ACCEPTED,
    "scheduled": Status.ACCEPTED,
    "sending": Status.ACCEPTED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "undelivered": Status.UNDELIVERED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
"""Our status by Twilio's (Message resource, "Message Status values"); others are ignored."""


UNDELIVERED = N_("Twilio could not deliver it.")
UNDELIVERED_BY_CODE = stored(N_("Twilio could not deliver it (code %(code)s: twilio.com/docs/api/errors/%(code)s)."))


def explain(code: int | None) -> str:
    if code is not None and code in CODES:
        return CODES[code].sentence
    return UNDELIVERED_BY_CODE.english(code=code) if code else UNDELIVERED
