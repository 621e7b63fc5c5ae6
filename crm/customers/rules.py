"""Tiers, and differences in totals."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

from crm.values.language import N_

CODE_LENGTH = 8
"""Characters of a referral code."""


CONSENTS = {"sms_allowed": N_("SMS"), "whatsapp_allowed": N_("WhatsApp"), "email_allowed": N_("E-mail")}
"""By what a customer may be written to."""


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
