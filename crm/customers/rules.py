"""Tiers, and differences in totals."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Any, NamedTuple

from crm.values.language import N_

CODE_LENGTH = 8
"""Characters of a referral code."""


CONSENTS = {"sms_allowed": N_("SMS"), "whatsapp_allowed": N_("WhatsApp"), "email_allowed": N_("E-mail")}
"""By what a customer may be written to."""


MARKETING = {
    "marketing_sms": N_("Marketing by SMS"),
    "marketing_whatsapp": N_("Marketing by WhatsApp"),
    "marketing_email": N_("Marketing by e-mail"),
}
"""By what a customer agreed to get marketing."""


class MessagePurpose(enum.StrEnum):
    """What a message is for: the business of its customer, or marketing, which takes consent."""

    SERVICE = "service"
    MARKETING = "marketing"

    @property
    def label(self) -> str:
        return str(_PURPOSES[self])


_PURPOSES = {MessagePurpose.SERVICE: N_("Messages about their business"), MessagePurpose.MARKETING: N_("Marketing")}


class Consent(enum.StrEnum):
    """What a customer said about marketing by a channel."""

    NOT_ASKED = "not_asked"
    GIVEN = "given"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> str:
        return str(_CONSENTS[self])


_CONSENTS = {
    Consent.NOT_ASKED: N_("Not asked"),
    Consent.GIVEN: N_("Given"),
    Consent.WITHDRAWN: N_("Withdrawn"),
}


def strictest(states: Iterable[Consent]) -> Consent:
    """Return the state that allows the least."""
    return max(states, key=(Consent.GIVEN, Consent.NOT_ASKED, Consent.WITHDRAWN).index)


class ConsentSource(enum.StrEnum):
    """How a consent was given or withdrawn."""

    STAFF = "staff"
    PAGE = "page"
    STOP = "stop"
    START = "start"
    COMPLAINT = "complaint"
    PROVIDER = "provider"
    UNSUBSCRIBE = "unsubscribe"
    IMPORT = "import"
    MERGE = "merge"
    RESTORE = "restore"

    @property
    def label(self) -> str:
        return str(_SOURCES[self])


_SOURCES = {
    ConsentSource.STAFF: N_("by staff"),
    ConsentSource.PAGE: N_("on their own page"),
    ConsentSource.STOP: N_("by writing STOP"),
    ConsentSource.START: N_("by writing START"),
    ConsentSource.COMPLAINT: N_("by a spam report"),
    ConsentSource.PROVIDER: N_("at the provider"),
    ConsentSource.UNSUBSCRIBE: N_("by the link in a message"),
    ConsentSource.IMPORT: N_("by an import"),
    ConsentSource.MERGE: N_("by a merge"),
    ConsentSource.RESTORE: N_("by a restored backup"),
}


class Tier(enum.StrEnum):
    """The lowest first; points decide it (`crm/loyalty/rules.py`)."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"

    @property
    def label(self) -> str:
        return str(_TIERS[self])


_TIERS = {Tier.BRONZE: N_("Bronze"), Tier.SILVER: N_("Silver"), Tier.GOLD: N_("Gold"), Tier.PLATINUM: N_("Platinum")}


class TotalsDifference(NamedTuple):
    """What is wrong with a customer's totals; `sentence` follows the customer's name."""

    customer_id: int
    sentence: str

    def __str__(self) -> str:
        return f"customer {self.customer_id} {self.sentence}"

    def as_json(self) -> dict[str, Any]:
        return {"customer": self.customer_id, "difference": self.sentence}
