"""What is written to users, how often it is tried, and when a letter comes too late."""

from __future__ import annotations

import datetime as dt
import enum
import re

from crm.values.text import clean_line


class Kind(enum.StrEnum):
    CONFIRM = "confirm"
    """The link that confirms a new address."""
    ADDRESS_CHANGED = "address_changed"
    """To the former address."""
    RESET = "reset"
    """The link to a new password."""
    ACCESS_CHANGED = "access_changed"
    """There is a new password."""
    NEW_BROWSER = "new_browser"
    """Somebody signed in where they didn't before."""
    INVITATION = "invitation"
    BACKUP_FAILED = "backup_failed"
    DRILL_FAILED = "drill_failed"
    """The latest backup can't be restored."""


PROVES = frozenset({Kind.RESET})
"""Letters whose links let somebody in: the installation alone sends them, for owners see what their gateway sent."""

ABOUT_ORGANIZATION = frozenset({Kind.INVITATION, Kind.BACKUP_FAILED, Kind.DRILL_FAILED})
"""Letters about an organization; the others are about the user's account."""


class State(enum.StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    """Committed before the gateway is called: after a crash nobody knows whether it went out."""
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have gone out, so it is not sent again."""
    LATE = "late"


LINK_LASTS = dt.timedelta(hours=24)
"""Of the link that confirms an address."""

RESET_LASTS = dt.timedelta(hours=1)
"""Of the link to a new password, and of the letter that brings it."""

MAX_RESETS, RESETS_WITHIN = 3, dt.timedelta(hours=1)
"""Links to new passwords that go to a user, however often somebody asks."""

NOTICE_LASTS = dt.timedelta(days=2)
"""After that a notice is not sent any more."""

MAX_LINKS, LINKS_WITHIN = 5, dt.timedelta(hours=1)
"""Letters with a link to confirm that a user may ask for."""

INVITATION_LASTS = dt.timedelta(days=2)
"""After that the link of an invitation is not sent any more; it has then a few days left."""

MAX_INVITATIONS, INVITATIONS_WITHIN = 50, dt.timedelta(hours=24)
"""Invitations that an organization may send by e-mail."""

MAX_SIGN_INS, SIGN_INS_WITHIN = 5, dt.timedelta(hours=24)
"""Notices of new browsers that go to a user; whoever goes on from there was told of already."""

TOLD_AGAIN = dt.timedelta(hours=24)
"""After that owners are told of a failure of the same kind once more."""

MAX_NAME = 80

WORD_JOINER = "\u2060"

_BACK_OFF = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))


def pause_after(tries: int) -> dt.timedelta:
    """Return how long to wait after so many tries."""
    return _BACK_OFF[min(tries, len(_BACK_OFF)) - 1]


def plain_name(name: str) -> str:
    """Return a name as a letter shows it: on one line, not long, and no mail program makes a link of it."""
    without = re.sub(r"[:/]{2,}", " ", clean_line(name))[:MAX_NAME]
    return re.sub(r"(?<=\w)\.(?=\w)", f".{WORD_JOINER}", clean_line(without))
