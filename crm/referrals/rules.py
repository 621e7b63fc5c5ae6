"""What a referral goes through, and what makes two people look like one."""

from __future__ import annotations

import datetime as dt
import enum
import re

from crm.values.language import N_
from crm.values.text import fold

LAPSES_AFTER = dt.timedelta(days=180)
WEEK = dt.timedelta(days=7)


class State(enum.StrEnum):
    """What became of a friend who came with a code.

    Joined: has not bought yet. Qualified: bought, and has their reward; the referrer's waits for the end of the hold.
    """

    JOINED = "joined"
    QUALIFIED = "qualified"
    REWARDED = "rewarded"
    REVIEW = "review"
    REFUSED = "refused"
    LAPSED = "lapsed"

    @property
    def label(self) -> str:
        return str(_LABELS[self])

    @property
    def tone(self) -> str:
        return _TONES[self]


_LABELS = {
    State.JOINED: N_("Joined"),
    State.QUALIFIED: N_("Qualified"),
    State.REWARDED: N_("Rewarded"),
    State.REVIEW: N_("To review"),
    State.REFUSED: N_("Refused"),
    State.LAPSED: N_("Lapsed"),
}
_TONES = {
    State.JOINED: "neutral",
    State.QUALIFIED: "accent",
    State.REWARDED: "good",
    State.REVIEW: "attention",
    State.REFUSED: "bad",
    State.LAPSED: "neutral",
}


class Reason(enum.StrEnum):
    """Why a referral is looked at before anybody gets points, or why it ended."""

    PHONE = "phone"
    EMAIL = "email"
    PASSPORT = "passport"
    HOUSEHOLD = "household"
    NAME = "name"
    ADDRESS = "address"
    MANY = "many"
    KNOWN = "known"
    SAME = "same"
    VOID = "void"
    REDUCED = "reduced"
    STAFF = "staff"
    GONE = "gone"
    LATE = "late"

    @property
    def sentence(self) -> str:
        return str(_SENTENCES[self])


_SENTENCES = {
    Reason.PHONE: N_("Same phone number as who referred them."),
    Reason.EMAIL: N_("Same e-mail as who referred them."),
    Reason.PASSPORT: N_("Same passport number as who referred them."),
    Reason.HOUSEHOLD: N_("Shares a phone number with the household of who referred them."),
    Reason.NAME: N_("Same name as who referred them."),
    Reason.ADDRESS: N_("Same address as who referred them."),
    Reason.MANY: N_("Many came with the same code within 7 days."),
    Reason.KNOWN: N_("Was a customer already, by a merge."),
    Reason.SAME: N_("Both are one customer, by a merge."),
    Reason.VOID: N_("The invoice that counted was voided."),
    Reason.REDUCED: N_("The invoice that counted is too small now."),
    Reason.STAFF: N_("Refused by staff."),
    Reason.GONE: N_("Who referred them is no customer any more."),
    Reason.LATE: N_("No purchase within 180 days."),
}

GMAIL = frozenset({"gmail.com", "googlemail.com"})
_NOT_ALPHANUMERIC = re.compile(r"[^\w]+|_")
_STREETS = frozenset({"jl", "jln", "jalan", "st", "str", "street", "rd", "road", "no", "nr", "number", "ave", "avenue"})


def folded_email(address: str) -> str:
    """Return the box that an address leads to: without a +tag, and without the dots that Gmail does not see."""
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '')}@gmail.com" if domain in GMAIL else f"{local}@{domain}"


def folded_address(address: str) -> str:
    """Return an address by which spellings are compared."""
    words = _NOT_ALPHANUMERIC.sub(" ", fold(address)).split()
    return " ".join(word for word in words if word not in _STREETS)


def codes_of(text: str) -> list[Reason]:
    """Read the reasons that a row keeps, separated by spaces."""
    return [Reason(code) for code in text.split()]
