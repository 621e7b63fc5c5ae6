"""Statuses of a message and their meaning (docs/delivery.md)."""

from __future__ import annotations

import datetime as dt
import enum
import re
from dataclasses import asdict, dataclass
from typing import Any

from crm.values.language import N_
from crm.values.stored import stored


class Status(enum.StrEnum):
    SCHEDULED = "scheduled"
    CLAIMED = "claimed"
    SUBMITTING = "submitting"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    RETRY_WAIT = "retry_wait"
    HELD = "held"
    REMINDER = "reminder"
    UNKNOWN = "unknown"
    UNCONFIRMED = "unconfirmed"
    FAILED = "failed"
    UNDELIVERED = "undelivered"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    CANCELED = "canceled"
    DONE = "done"
    NO_REPORT = "no_report"

    @property
    def label(self) -> str:
        return LABELS[self]

    @property
    def tone(self) -> str:
        """Its colour: good, attention, bad or neutral."""
        return TONES.get(self, "neutral")


LABELS = {
    Status.SCHEDULED: N_("Scheduled"),
    Status.CLAIMED: N_("Sending"),
    Status.SUBMITTING: N_("Sending"),
    Status.ACCEPTED: N_("Sent"),
    Status.SENT: N_("Sent"),
    Status.DELIVERED: N_("Delivered"),
    Status.READ: N_("Read"),
    Status.RETRY_WAIT: N_("Will try again"),
    Status.HELD: N_("Waiting"),
    Status.REMINDER: N_("Ready to send"),
    Status.UNKNOWN: N_("Checking"),
    Status.UNCONFIRMED: N_("Delivery unknown"),
    Status.FAILED: N_("Failed"),
    Status.UNDELIVERED: N_("Not delivered"),
    Status.SUPPRESSED: N_("Opted out"),
    Status.EXPIRED: N_("Expired"),
    Status.CANCELED: N_("Canceled"),
    Status.DONE: N_("Done"),
    Status.NO_REPORT: N_("Sent, not confirmed"),
}

TONES = {
    **dict.fromkeys((Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.DONE), "good"),
    **dict.fromkeys((Status.REMINDER, Status.UNCONFIRMED, Status.EXPIRED, Status.RETRY_WAIT), "attention"),
    **dict.fromkeys((Status.FAILED, Status.UNDELIVERED), "bad"),
}

WAITING = frozenset({Status.SCHEDULED, Status.RETRY_WAIT, Status.HELD, Status.REMINDER})
"""Nobody sends it: it can be edited, canceled and marked as done."""

BEING_SENT = frozenset({Status.CLAIMED, Status.SUBMITTING})
"""A worker has it: changes answer 409."""

STOPPABLE = WAITING | {Status.CLAIMED}
"""A STOP still stops it."""

OPEN = WAITING | BEING_SENT | {Status.UNKNOWN, Status.UNCONFIRMED}
"""Neither final nor handed over; counts for `next_message_at` until acknowledged."""

NEEDS_A_PERSON = frozenset({Status.REMINDER, Status.UNCONFIRMED, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED})
"""On the list of due reminders until acknowledged."""

RESENDABLE = frozenset({Status.UNCONFIRMED, Status.FAILED, Status.UNDELIVERED, Status.EXPIRED})
"""It did not arrive, or nobody knows: staff may send it again."""

HANDED_OVER = frozenset({Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.NO_REPORT})
"""A provider has it."""


class Answer(enum.StrEnum):
    """The provider's answer to a call."""

    ACCEPTED = "accepted"
    NO_CONNECTION = "no_connection"
    RATE_LIMITED = "rate_limited"
    DEFERRED = "deferred"
    PERMANENT = "permanent"
    OPTED_OUT = "opted_out"
    REFUSED_SENDER = "refused_sender"
    UNKNOWN = "unknown"


LATE = dt.timedelta(minutes=15)
"""A pending message so long past its time needs a person."""

_DAY_WORD = re.compile(
    r"(?<!\w)(?:today|tonight|tomorrow|yesterday|this (?:morning|afternoon|evening)"
    r"|hari ini|malam ini|pagi ini|siang ini|sore ini|nanti malam|nanti sore|nanti siang|besok|lusa|kemarin"
    r"|آج|کل|پرسوں|aaj|اليوم|الليلة|غدا|غدًا|أمس"
    r"|hoy|mañana|ayer|hoje|amanhã|ontem|aujourd.hui|demain|heute|morgen|gestern|bugün|сегодня|завтра)(?!\w)",
    re.IGNORECASE,
)
"""Words whose meaning changes with the day of reading."""

ASKED = "Choose Opt out or Go on in the inbox."
"""The end of the reason while a text is undecided."""

HOLDING = stored(N_("%(name)s wrote “%(text)s”. Choose Opt out or Go on in the inbox."))

WAITS = stored(N_("%(sentence)s Messages wait until this is fixed."))
"""The notice about a refused sender."""


class TemplateCategory(enum.StrEnum):
    """What WhatsApp approved a template for; nobody may have said.

    Source: WhatsApp Business Management API, message templates, category.
    """

    UNKNOWN = ""
    MARKETING = "marketing"
    UTILITY = "utility"
    AUTHENTICATION = "authentication"

    @property
    def label(self) -> str:
        return str(_CATEGORIES[self])


_CATEGORIES = {
    TemplateCategory.UNKNOWN: N_("Not known"),
    TemplateCategory.MARKETING: N_("Marketing"),
    TemplateCategory.UTILITY: N_("Utility"),
    TemplateCategory.AUTHENTICATION: N_("Authentication"),
}

NO_TEMPLATE = stored(N_("WhatsApp takes marketing only as a template that it approved as marketing."))
OTHER_CATEGORY = stored(
    N_(
        "WhatsApp takes marketing only as a template that it approved as marketing. The category of %(template)s is "
        "“%(category)s”: look it up at WhatsApp, then enter it in Settings › Templates."
    )
)

FIRST_RETRY = 30.0
SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class ApprovedTemplate:
    """A template that WhatsApp approved, with its parameters.

    template_id: our template, which may have changed since. names: of named parameters. category: as it was then.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    template_id: int | None = None
    names: tuple[str, ...] = ()
    category: TemplateCategory = TemplateCategory.UNKNOWN

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "parameters": list(self.parameters), "names": list(self.names)}

    @classmethod
    def from_json(cls, kept: dict[str, Any] | None) -> ApprovedTemplate | None:
        if not kept:
            return None
        category = TemplateCategory(kept.get("category", ""))
        lists = {"parameters": tuple(kept["parameters"]), "names": tuple(kept.get("names", ()))}
        return cls(**{**kept, **lists, "category": category})


def unapproved(template: ApprovedTemplate | None, category: TemplateCategory) -> str | None:
    """Return why WhatsApp takes no marketing in this way, or None; `category` is the template's by now."""
    if template is None:
        return NO_TEMPLATE()
    if category is TemplateCategory.MARKETING:
        return None
    return OTHER_CATEGORY(template=template.name, category=category.label)


def holding_reason(name: str, text: str) -> str:
    quoted = " ".join(text.split())
    quoted = f"{quoted[:79]}…" if len(quoted) > 80 else quoted
    return HOLDING.english(name=name, text=quoted)


def day_word(text: str) -> str | None:
    """Return the first word that names a day relative to the reader, or None."""
    found = _DAY_WORD.search(text)
    return found[0] if found else None


def told_alike(status: Status) -> list[Status]:
    """Return the statuses that are shown alike."""
    return [other for other in Status if other.label == status.label]


def back_off(tries: int, chance: float) -> dt.timedelta:
    """Return the delay after the n-th failed try (1 is the first); `chance` is from 0 to 1.

    30 s · 2ⁿ ± 20 %, so that messages that failed together spread.
    """
    # Twelve doublings are 34 hours, longer than any message waits.
    seconds = FIRST_RETRY * 2 ** min(tries - 1, 12)
    return dt.timedelta(seconds=seconds * (1 + SPREAD * (2 * chance - 1)))
