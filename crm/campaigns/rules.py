"""States of a campaign and of its recipients; pure."""

from __future__ import annotations

import datetime as dt
import enum

from crm.values.language import N_

MAX_NAME = 100
MAX_HELD_OUT = 50
"""Percent."""
USUAL_HOLD_OUT, USUAL_FROM = 10, 1_000
"""Percent of those who can be reached, from so many on, where nobody said otherwise."""

LATEST_START = dt.timedelta(hours=12)
"""A campaign that could not start for so long asks before it does."""
BUYS_WITHIN = 14
"""Days after its start in which a purchase counts for a campaign."""


class State(enum.StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"

    @property
    def label(self) -> str:
        return str(_STATES[self])

    @property
    def tone(self) -> str:
        return _TONES.get(self, "neutral")


_STATES = {
    State.DRAFT: N_("Draft"),
    State.SCHEDULED: N_("Scheduled"),
    State.SENDING: N_("Sending"),
    State.PAUSED: N_("Paused"),
    State.DONE: N_("Done"),
    State.STOPPED: N_("Stopped"),
}
_TONES = {State.SCHEDULED: "accent", State.SENDING: "accent", State.PAUSED: "attention", State.DONE: "good"}

EDITABLE = frozenset({State.DRAFT})
STARTED = frozenset({State.SENDING, State.PAUSED, State.DONE, State.STOPPED})
STOPPABLE = frozenset({State.DRAFT, State.SCHEDULED, State.SENDING, State.PAUSED})


class Part(enum.StrEnum):
    """What became of a customer when the campaign started."""

    TREATED = "treated"
    HELD_OUT = "held_out"
    SKIPPED = "skipped"


class Skip(enum.StrEnum):
    """Why a customer gets no message."""

    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    ARCHIVED = "archived"
    SAME_ADDRESS = "same_address"
    TOO_LONG = "too_long"
    WITHDRAWN = "withdrawn"
    OFTEN = "had_enough"

    @property
    def label(self) -> str:
        return str(_SKIPS[self])


_SKIPS = {
    Skip.NO_CONSENT: N_("No consent"),
    Skip.NO_ADDRESS: N_("No address"),
    Skip.SUPPRESSED: N_("Opted out"),
    Skip.ARCHIVED: N_("Archived or merged"),
    Skip.SAME_ADDRESS: N_("Somebody else with the same address gets it"),
    Skip.TOO_LONG: N_("The text is too long with their name in it"),
    Skip.WITHDRAWN: N_("Withdrew the consent, or opted out, after the start"),
    Skip.OFTEN: N_("Had enough marketing for now"),
}


class Sum(enum.StrEnum):
    """The sums of a campaign: each recipient is in exactly one."""

    HELD_OUT = "held_out"
    SKIPPED = "skipped"
    WAITING = "waiting"
    SENDING = "sending"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    COULD_NOT_CONFIRM = "could_not_confirm"
    STOPPED = "stopped"

    @property
    def label(self) -> str:
        return str(_SUMS[self])


_SUMS = {
    Sum.HELD_OUT: N_("Held out"),
    Sum.SKIPPED: N_("Skipped"),
    Sum.WAITING: N_("Waiting"),
    Sum.SENDING: N_("Sending"),
    Sum.HANDED_OVER: N_("Sent"),
    Sum.DELIVERED: N_("Delivered"),
    Sum.READ: N_("Read"),
    Sum.FAILED: N_("Failed"),
    Sum.COULD_NOT_CONFIRM: N_("Delivery unknown"),
    Sum.STOPPED: N_("Stopped"),
}

TO_COME = frozenset({Sum.WAITING, Sum.SENDING})
"""Something still happens to these by itself, or by hand."""
