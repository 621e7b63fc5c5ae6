"""Forms of imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import RadioField, StringField, ValidationError

from crm.imports import queries
from crm.imports.check import CHOSEN_ORDERS
from crm.imports.fields import FIELDS
from crm.imports.mapping import columns_of, problems
from crm.imports.models import Import
from crm.imports.reading.tables import Choices
from crm.imports.services import Options
from crm.imports.states import Choice, Mode
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.forms import CreatingForm, Form, options

MODES = {
    Mode.ADD: N_("Add new customers, and fill in what is missing of those who are there"),
    Mode.OVERWRITE: N_("Add new customers, and let the file replace what is known of those who are there"),
    Mode.NEW: N_("Add new customers alone; leave those who are there as they are"),
    Mode.EXISTING: N_("Fill in what is missing of those who are there; add nobody"),
}
WHAT_TO_DO = N_("What happens with customers who are there already?")

DATE_ORDERS = {
    "dmy": N_("Day, month, year: 31/12/1990"),
    "mdy": N_("Month, day, year: 12/31/1990"),
    "ymd": N_("Year, month, day: 1990-12-31"),
}
_COLUMN = re.compile(r"column_([0-9]{1,3})")
_ORDER = re.compile(r"date_order_([0-9]{1,3})")
_CELL = re.compile(r"cell_([0-9]{1,3})")


class UploadForm(CreatingForm):
    file = FileField(N_("File"))
    mode = RadioField(WHAT_TO_DO, choices=options(MODES.items()), default=Mode.ADD.value)

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            raise ValidationError(_("Choose a file of customers."))

    @property
    def options(self) -> Options:
        return Options(Mode(self.mode.data))


class MappingForm(Form):
    """`column_<n>` is the field of a column, from 0; `overwrite` and `clear_blank` are fields, many each."""

    mode = RadioField(WHAT_TO_DO, choices=options(MODES.items()), default=Mode.ADD.value)

    def __init__(self, row: Import, *, is_sent: bool = False) -> None:
        data = {"mode": row.mode.value}
        if is_sent:
            super().__init__(data=data)
        else:
            super().__init__(data=data, formdata=None)
        self.row = row
        self.columns = dict(_numbered(_COLUMN)) if is_sent else columns_of(row.columns)
        given, kept = request.form, row.context
        self.overwritten = given.getlist("overwrite") if is_sent else row.overwritten or []
        self.cleared = given.getlist("clear_blank") if is_sent else kept.get("clear_blank") or []
        chosen = kept.get(CHOSEN_ORDERS) or {}
        self.orders = self.date_orders if is_sent else {int(at): order for at, order in chosen.items()}

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate(*args, **kwargs)
        self.columns = {at: field for at, field in self.columns.items() if at < len(self.row.headers) and field}
        if not set(self.columns.values()) <= FIELDS.keys():
            self.form_errors.append(_("Choose one of the fields for each column."))
            return False
        found = problems(self.columns, self.row.headers)
        self.form_errors.extend(shown(problem) for problem in found)
        return valid and not found

    @property
    def options(self) -> Options:
        chosen = [name for name in self.overwritten if name in FIELDS]
        blank = [name for name in self.cleared if name in FIELDS]
        return Options(Mode(self.mode.data), chosen or None, blank)

    order_choices = DATE_ORDERS

    @property
    def date_orders(self) -> dict[int, str]:
        return {at: order for at, order in _numbered(_ORDER) if order in DATE_ORDERS}


class RowForm(Form):
    """`cell_<n>` is the text of a column, from 0."""

    @property
    def cells(self) -> dict[int, str]:
        return dict(_numbered(_CELL))


class ReadingForm(Form):
    """How the file is to be read; what is blank is found."""

    header_row = StringField(N_("Row of the headings (0: there are none)"))

    def __init__(self, row: Import, *, is_sent: bool = False) -> None:
        if is_sent:
            super().__init__()
        else:
            super().__init__(data={"header_row": str(row.table.get("header_row", ""))}, formdata=None)
        self.row = row

    def validate_header_row(self, field: StringField) -> None:
        if not field.data or not self.row.can_be_changed:
            return
        last = queries.last_number(self.row.id)
        if self._header is None or self._header >= last:
            raise ValidationError(
                _(
                    "The headings have to stand above the last row, %(last)s. "
                    "Enter a smaller number, or 0 if there are none.",
                    last=last,
                )
            )

    @property
    def choices(self) -> Choices:
        given, table = request.form, self.row.table
        sheet = _among(given.get("sheet", ""), table.get("sheets", ()))
        is_other = bool(sheet) and sheet != self.row.choices.get("sheet")
        return Choices(
            encoding=_among(given.get("encoding", ""), table.get("encodings", ())),
            delimiter=_among(given.get("delimiter", ""), (",", ";", "|", "\t")),
            sheet=sheet,
            # The headings of another sheet stand where they stand there.
            header_row=None if is_other and self._header == table.get("header_row") else self._header,
            mend=bool(given.get("mend")),
        )

    @property
    def _header(self) -> int | None:
        typed = self.header_row.data or ""
        return int(typed) if re.fullmatch("[0-9]{1,6}", typed, re.ASCII) else None


def row_choice() -> tuple[Choice | None, bool]:
    """Read what to do with a row, and whether with all that are like it."""
    given = request.form.get("choice", "")
    return Choice(given) if given in {choice.value for choice in Choice} else None, bool(request.form.get("alike"))


def _numbered(pattern: re.Pattern[str]) -> Iterator[tuple[int, str]]:
    for name, value in request.form.items():
        if match := pattern.fullmatch(name):
            yield int(match[1]), value


def _among(value: str, known: Any) -> str:
    return value if value in known else ""
