"""Sentences about what was done with many reminders."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from crm.reminders.rules import Later
from crm.reminders.services import DONE, Result
from crm.values import clock
from crm.values.language import gettext as _
from crm.values.language import ngettext


def done_sentence(result: Result) -> str:
    if not result.changed and not result.refused:
        return _("Already marked as done.")
    if result.changed == result.found == 1:
        return _("Marked as done.")
    said = ngettext("%(num)s reminder marked as done.", "%(num)s reminders marked as done.", result.changed)
    return _with_refused(said, result)


def moved_sentence(result: Result, later: Later, to: dt.datetime, zone: ZoneInfo) -> str:
    time = f"{clock.to_local(to, zone):%H:%M}"
    if not result.changed and not result.refused:
        return _("Already moved.")
    number = result.changed
    if later is Later.TOMORROW:
        said = ngettext(
            "%(num)s reminder moved to tomorrow, %(time)s.",
            "%(num)s reminders moved to tomorrow, %(time)s.",
            number,
            time=time,
        )
        one = _("Moved to tomorrow, %(time)s.", time=time)
    else:
        said = ngettext(
            "%(num)s reminder moved to %(time)s.", "%(num)s reminders moved to %(time)s.", number, time=time
        )
        one = _("Moved to %(time)s.", time=time)
    return one if number == result.found == 1 else _with_refused(said, result)


def undone_sentence(action: str, number: int) -> str:
    if not number:
        return _("Nothing to undo: it has changed since.")
    if action == DONE:
        return ngettext("Undone. It's due again.", "Undone. %(num)s reminders are due again.", number)
    return ngettext("Undone. It's back at its old time.", "Undone. %(num)s reminders are back at their time.", number)


def _with_refused(said: str, result: Result) -> str:
    """Add how many stayed, and why the first did."""
    if not result.refused:
        return said
    number, why = len(result.refused), " ".join(dict.fromkeys(result.refused[:2]))
    if not result.changed and number == 1:
        return why
    stayed = ngettext("%(num)s stayed: %(why)s", "%(num)s stayed: %(why)s", number, why=why)
    return f"{said} {stayed}"
