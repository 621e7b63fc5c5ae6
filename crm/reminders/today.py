"""The organization's day of this request, and what is due in it."""

from __future__ import annotations

from crm.reminders.rules import Day
from crm.values import clock
from crm.web.due import due_now
from crm.web.reader import reader


def day() -> Day:
    return Day(clock.utcnow(), clock.zone(reader().organization.time_zone))


def count_due() -> int:
    return due_now().total
