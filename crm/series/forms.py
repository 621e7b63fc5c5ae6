"""The fields of a repeated message."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import RadioField, SelectField, StringField, ValidationError

from crm.messages.models import Message
from crm.series.models import Series
from crm.series.rules import LAST_YEAR, MAX_EVERY, Frequency, Rule
from crm.values import clock
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, options

CHOICES = [
    ("", N_("Once")),
    (Frequency.DAILY.value, N_("Daily")),
    (Frequency.WEEKLY.value, N_("Weekly")),
    (Frequency.MONTHLY.value, N_("Monthly")),
    (Frequency.YEARLY.value, N_("Yearly")),
]
ONE, ALL = "one", "all"


class RepeatFields(Form):
    """How often, and until when; `series` is the one of the message."""

    repeat = SelectField(N_("How often"), choices=options(CHOICES), validate_choice=False)
    repeat_every = StringField(N_("Every"))
    repeat_until = StringField(N_("Until"))
    change = RadioField(
        N_("Change"),
        choices=options([(ONE, N_("Only this one")), (ALL, N_("This one and all after it"))]),
        validate_choice=False,
    )

    series: Series | None = None
    message: Message | None
    zone: ZoneInfo
    moment: dt.datetime | None

    @property
    def changes_all(self) -> bool:
        """Whether the change is for the series, or starts one."""
        return self.series is None or self.change.data == ALL

    @property
    def repeats(self) -> bool:
        return bool(self.repeat.data) and self.changes_all

    def validate_repeat(self, field: SelectField) -> None:
        if field.data and field.data not in list(Frequency):
            raise ValidationError(_("Choose how often from the list."))

    def validate_repeat_every(self, field: StringField) -> None:
        if self.repeats and _number(field.data or "1") is None:
            raise ValidationError(_("Enter a whole number from 1 to %(most)s.", most=MAX_EVERY))

    def validate_repeat_until(self, field: StringField) -> None:
        if self.repeats and field.data and _date(field.data) is None:
            raise ValidationError(_("Enter a date like 2027-11-24, or leave it empty."))

    def validate_change(self, field: RadioField) -> None:
        """Default to a change of this message only."""
        if field.data and field.data not in (ONE, ALL):
            raise ValidationError(_("Choose what to change."))

    def rule(self) -> Rule | None:
        """Return the rule, as far as its fields are valid; None for never."""
        if not self.repeats or self.moment is None or self.repeat.data not in list(Frequency):
            return None
        every = _number(self.repeat_every.data or "1")
        if every is None:
            return None
        frequency, start = Frequency(self.repeat.data), clock.to_local(self.moment, self.zone)
        until = _date(self.repeat_until.data) if self.repeat_until.data else None
        first = self._first_day(frequency, every, start.date())
        return Rule(frequency, every, first, start.time().replace(second=0, microsecond=0), until)

    def _first_day(self, frequency: Frequency, every: int, day: dt.date) -> dt.date:
        """Return the first day of the rule: the series' own, unless the day or the rhythm changes."""
        if self.series is None or self.message is None:
            return day
        same_day = clock.to_local(self.message.send_at, self.zone).date() == day
        same_rhythm = (self.series.frequency, self.series.every) == (frequency, every)
        return self.series.starts_on if same_day and same_rhythm else day


def values_of(series: Series | None) -> dict[str, Any]:
    if series is None:
        return {"repeat": "", "repeat_every": "1", "repeat_until": "", "change": ONE}
    return {
        "repeat": series.frequency,
        "repeat_every": str(series.every),
        "repeat_until": series.until.isoformat() if series.until else "",
        "change": ONE,
    }


def _number(text: str) -> int | None:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    return number if 1 <= number <= MAX_EVERY else None


def _date(text: str) -> dt.date | None:
    try:
        found = dt.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        return None
    return found if found.year <= LAST_YEAR else None
