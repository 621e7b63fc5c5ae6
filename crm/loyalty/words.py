"""Reasons that entries of ours have: kept in English, shown in the reader's language."""

from __future__ import annotations

from crm.values.language import N_
from crm.values.language import gettext as _

ENDED, SETTLEMENT, TAKEN_BACK = "Points ended", "Owed points paid", "Taken back"

_OWN = {ENDED: N_("Points ended"), SETTLEMENT: N_("Owed points paid"), TAKEN_BACK: N_("Taken back")}


def taken_back(reason: str, most: int) -> str:
    return f"{TAKEN_BACK}: {reason}"[:most] if reason else TAKEN_BACK


def said(reason: str, *, is_reversal: bool = False) -> str:
    """Return a reason as it is shown."""
    if reason in _OWN:
        return _(_OWN[reason])
    if is_reversal and reason.startswith(f"{TAKEN_BACK}: "):
        return _("Taken back: %(reason)s", reason=reason.removeprefix(f"{TAKEN_BACK}: "))
    return reason
