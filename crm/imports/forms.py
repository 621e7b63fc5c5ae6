"""Forms of imports."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import RadioField, ValidationError

from crm.imports.check import CHOSEN_ORDERS
from crm.imports.fields import FIELDS
from crm.imports.mapping import columns_of, problems
from crm.imports.models import Import
from crm.imports.reading.content import kind_of
from crm.imports.reading.tables import Choices, Refused
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
        """Say at once what is no list at all, by its first bytes."""
        if not field.data:
            raise ValidationError(_("Choose a file of customers."))
        with tempfile.NamedTemporaryFile(prefix="crm-import-") as copy:
            shutil.copyfileobj(field.data.stream, copy)
            copy.flush()
            field.data.stream.seek(0)
            try:
                kind_of(Path(copy.name))
            except Refused as error:
                raise ValidationError(shown(str(error))) from error

    @property
    def options(self) -> Options:
        return Options(Mode(self.mode.data))


class MappingForm(Form):
    """`column_<n>` is the field of a column, from 0; `overwrite` and `clear_blank` are fields, many each."""

    mode = RadioField(WHAT_TO_DO, choices=options(MODES.items()), default=Mode.ADD.value)

    def __init__(self, row: Import, **kwargs: Any) -> None:
        super().__init__(data={"mode": row.mode.value}, **kwargs)
        self.row = row
        is_sent = self.is_submitted()
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
