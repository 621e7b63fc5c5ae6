"""The form that starts a scan."""

from __future__ import annotations

import re
from typing import Any

from wtforms import StringField, ValidationError

from crm.intake.rules import CUTOFF_DAYS, CUTOFF_SENTENCE, MAX_CUTOFF_DAYS
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm


class ScanForm(CreatingForm):
    cutoff_days = StringField(N_("Days to look back"), default=str(CUTOFF_DAYS))

    def validate_cutoff_days(self, field: Any) -> None:
        typed = field.data or ""
        if not re.fullmatch(r"\d{1,6}", typed, re.ASCII) or not 1 <= int(typed) <= MAX_CUTOFF_DAYS:
            raise ValidationError(_(CUTOFF_SENTENCE))

    @property
    def days(self) -> int:
        return int(self.cutoff_days.data or "")
