"""Error codes of Meta's WhatsApp Cloud API, in answers and reports.

Source: WhatsApp Cloud API, Support, Error Codes (developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes),
which says to use the code, not the HTTP status.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from crm.messages.rules import Status
from crm.messages.suppression_models import Purpose
from crm.providers.base import Answer, Meaning
from crm.values.language import N_
from crm.values.stored import stored

_SENDER, _PERMANENT, _LIMITED, _UNKNOWN = (
    Answer.REFUSED_SENDER,
    Answer.PERMANENT,
    Answer.RATE_LIMITED,
    Answer.UNKNOWN,
)

_TOKEN = Meaning(_SENDER, N_("Meta refused the access token: it is wrong, expired or was taken back."))
_PERMISSION = Meaning(_SENDER, N_("The access token may not send messages for this WhatsApp number."))
_POLICY = Meaning(_SENDER, N_("Meta restricted the WhatsApp Business account. Look into the WhatsApp Manager."))
_NUMBER = Meaning(_SENDER, N_("Meta does not know the phone number ID, or it is not registered for sending."))
_SLOWER = Meaning(_LIMITED, N_("WhatsApp asked to slow down."))
_TROUBLE = Meaning(_UNKNOWN, N_("WhatsApp had trouble and did not say if it took the message."))
_TEMPLATE = Meaning(_PERMANENT, N_("The WhatsApp template or its parameters are not as they were approved."))
_NOT_DELIVERED = Meaning(_PERMANENT, N_("WhatsApp chose not to deliver this message to the customer."))

_LATER = (dt.timedelta(hours=24), dt.timedelta(hours=72))
"""Meta asks to try in increasingly larger increments, and says nothing of when the customer has room again."""

CODES: Mapping[int, Meaning] = {
    # The account
    0: _TOKEN,
    3: _PERMISSION,
    10: _PERMISSION,
    190: _TOKEN,
    **dict.fromkeys(range(200, 300), _PERMISSION),
    33: _NUMBER,
    368: _POLICY,
    130497: Meaning(_PERMANENT, N_("Meta does not let this business write to customers in this country.")),
    131005: _PERMISSION,
    131031: _POLICY,
    131037: Meaning(_SENDER, N_("The WhatsApp number needs a display name that Meta approved.")),
    131042: Meaning(_SENDER, N_("Meta can't charge for messages. Look at the payment in the WhatsApp Manager.")),
    131045: Meaning(_SENDER, N_("The WhatsApp number is not registered for sending.")),
    133010: Meaning(_SENDER, N_("The WhatsApp number is not registered for sending.")),
    # Too fast
    4: _SLOWER,
    80007: _SLOWER,
    130429: _SLOWER,
    131048: Meaning(_LIMITED, N_("WhatsApp limits this number, for too many customers blocked it.")),
    # One message in 6 seconds goes to a customer; the pause after X refusals is to be 4^X seconds.
    131056: Meaning(_LIMITED, N_("Too many messages to this customer in a short time."), grows=4),
    # Trouble at Meta
    1: _TROUBLE,
    2: _TROUBLE,
    131000: _TROUBLE,
    131016: _TROUBLE,
    131057: Meaning(_LIMITED, N_("The WhatsApp number is under maintenance for a few minutes.")),
    133004: _TROUBLE,
    # The customer
    130472: _NOT_DELIVERED,
    131021: Meaning(_PERMANENT, N_("The customer's number is the one it would be sent from.")),
    131026: Meaning(_PERMANENT, N_("This number has no WhatsApp, or can't get the message.")),
    131030: Meaning(
        _PERMANENT, N_("A test number of WhatsApp sends to listed numbers alone. Add this one in Meta's console.")
    ),
    131047: Meaning(
        _PERMANENT,
        N_("The customer has not written on WhatsApp in the last 24 hours: only an approved template can be sent."),
    ),
    131049: Meaning(
        _PERMANENT, N_("WhatsApp limits how much marketing this customer gets from all businesses."), again=_LATER
    ),
    131050: Meaning(Answer.OPTED_OUT, N_("The customer has stopped marketing on WhatsApp."), Purpose.MARKETING),
    # The text
    100: Meaning(_PERMANENT, N_("WhatsApp refused the message: a part of it is not as it has to be.")),
    131008: Meaning(_PERMANENT, N_("WhatsApp refused the message: a part of it is missing.")),
    131009: Meaning(_PERMANENT, N_("WhatsApp refused the message: a part of it is not as it has to be.")),
    131051: Meaning(_PERMANENT, N_("The customer's WhatsApp can't show this kind of message.")),
    132000: _TEMPLATE,
    132001: Meaning(_PERMANENT, N_("There is no such WhatsApp template in this language, or it is not approved yet.")),
    132005: Meaning(_PERMANENT, N_("The text of the WhatsApp template is too long with these parameters.")),
    132007: Meaning(_PERMANENT, N_("The WhatsApp template breaks a rule of WhatsApp.")),
    132012: _TEMPLATE,
    132015: Meaning(_PERMANENT, N_("WhatsApp paused the template, for customers complained about it.")),
    132016: Meaning(_PERMANENT, N_("WhatsApp switched the template off, for customers complained about it.")),
    135000: Meaning(_PERMANENT, N_("WhatsApp refused the message and gave no reason.")),
}

NO_SUCH_OBJECT = 33
"""Subcode of 100: the phone number id is missing, or not the token's."""

STATUSES: Mapping[str, Status] = {
    "accepted": Status.ACCEPTED,
    "sent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.READ,
    "played": Status.READ,
    "failed": Status.FAILED,
}
"""Our status by Meta's (webhooks, status messages object); others are ignored."""


UNDELIVERED = N_("WhatsApp could not deliver it.")
UNDELIVERED_BY_CODE = stored(N_("WhatsApp could not deliver it (code %(code)s)."))


def explain(code: int | None) -> str:
    if code is not None and code in CODES:
        return CODES[code].sentence
    return UNDELIVERED_BY_CODE.english(code=code) if code else UNDELIVERED
