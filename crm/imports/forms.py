"""Forms of imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import SelectField, ValidationError

from crm.imports.fields import FIELDS
from crm.imports.mapping import problems
from crm.imports.models import Import
from crm.imports.reading.tables import Choices
from crm.imports.services import Options
from crm.imports.states import Choice, Mode
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.stored import shown
from crm.web.forms import CreatingForm, Form, options

MODES = {
    Mode.ADD: N_("Add new customers, and fill blanks of those who are there"),
    Mode.OVERWRITE: N_("Add new customers, and take over the chosen columns"),
    Mode.NEW: N_("Add new customers only"),
    Mode.EXISTING: N_("Bring those who are there up to date only"),
}
DATE_ORDERS = ("dmy", "mdy", "ymd")
_COLUMN = re.compile(r"column_([0-9]{1,3})")
_ORDER = re.compile(r"date_order_([0-9]{1,3})")
_CELL = re.compile(r"cell_([0-9]{1,3})")


class UploadForm(CreatingForm):
    file = FileField(N_("File"))
    mode = SelectField(N_("What to do"), choices=options(MODES.items()), default=Mode.ADD.value)

    def validate_file(self, field: FileField) -> None:
        if not field.data:
            raise ValidationError(_("Choose a file of customers."))

    @property
    def options(self) -> Options:
        return Options(Mode(self.mode.data))


class MappingForm(Form):
    """`column_<n>` is the field of a column, from 0; `overwrite` and `clear_blank` are fields, many each."""

    mode = SelectField(N_("What to do"), choices=options(MODES.items()), default=Mode.ADD.value)

    def __init__(self, row: Import, **kwargs: Any) -> None:
        super().__init__(data={"mode": row.mode}, **kwargs)
        self.row = row
        self.columns = (
            dict(_numbered(_COLUMN)) if self.is_submitted() else {int(at): to for at, to in row.columns.items()}
        )

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
        chosen = [name for name in request.form.getlist("overwrite") if name in FIELDS]
        blank = [name for name in request.form.getlist("clear_blank") if name in FIELDS]
        return Options(Mode(self.mode.data), chosen or None, blank)

    @property
    def date_orders(self) -> dict[int, str]:
        return {at: order for at, order in _numbered(_ORDER) if order in DATE_ORDERS}


class RowForm(Form):
    """`cell_<n>` is the text of a column, from 0."""

    @property
    def cells(self) -> dict[int, str]:
        return dict(_numbered(_CELL))


def reading_choices(row: Import) -> Choices:
    """Read how the file is to be read; what is blank is found."""
    given, table = request.form, row.table
    header = given.get("header_row", "")
    return Choices(
        encoding=_among(given.get("encoding", ""), table.get("encodings", ())),
        delimiter=_among(given.get("delimiter", ""), (",", ";", "|", "\t")),
        sheet=_among(given.get("sheet", ""), table.get("sheets", ())),
        header_row=int(header) if re.fullmatch("[0-9]{1,6}", header, re.ASCII) else None,
        mend=bool(given.get("mend")),
    )


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
