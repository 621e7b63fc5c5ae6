"""The organization's day of this request, and what is due in it."""

from __future__ import annotations

from flask import g

from crm.reminders.queries import COUNTED_BESIDE, count
from crm.reminders.rules import Day, When
from crm.values import clock
from crm.web.reader import reader


def day() -> Day:
    return Day(clock.utcnow(), clock.zone(reader().organization.time_zone))


def count_due() -> int:
    """Count what is due now, as far as the navigation shows it, unless the page has counted it."""
    if "due_count" not in g:
        g.due_count = count(day().part(When.NOW), COUNTED_BESIDE)
    return int(g.due_count)


def note_due(number: int) -> None:
    g.due_count = number
