"""The form of what is reported by."""

from __future__ import annotations

from wtforms import StringField

from crm.reports.models import ReportSettings
from crm.reports.rules import LONGEST_LOOK_BACK
from crm.values.language import N_
from crm.values.text import ascii_digits
from crm.web.forms import Form, Whole


class SettingsForm(Form):
    look_back_months = StringField(N_("Months that count for groups"), [Whole(1, LONGEST_LOOK_BACK)])
    margin = StringField(N_("Margin in percent"), [Whole(1, 100)])

    def __init__(self, settings: ReportSettings) -> None:
        names = ("look_back_months", "margin")
        super().__init__(data={name: str(getattr(settings, name)) for name in names})

    def values(self) -> dict[str, int]:
        return {name: int(ascii_digits(self[name].data.strip())) for name in ("look_back_months", "margin")}
