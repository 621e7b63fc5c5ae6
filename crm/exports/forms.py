"""The form of an export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import RadioField, SelectField

from crm.exports.formats import FORMATS, OF_LISTS, Format
from crm.exports.rows import exports
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form

OWN = ("what", "format", "rows", "csrf_token")
"""Fields that are not of the list's query."""


class ExportForm(Form):
    what = SelectField(N_("What"), validate_choice=False)
    format = RadioField(N_("Format"), default=Format.XLSX.value, validate_choice=False)
    rows = RadioField(N_("Rows"), default="list", validate_choice=False)

    def __init__(self, query: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.query = {name: value for name, value in query.items() if name not in OWN and value}
        self.what.choices = [(export.what, str(export.label)) for export in exports().values()]
        self.format.choices = [(name.value, str(FORMATS[name].label)) for name in OF_LISTS]
        self.rows.choices = [("list", _("Those of the list")), ("all", _("All"))]

    @property
    def chosen_query(self) -> dict[str, str]:
        return {} if self.rows.data == "all" else self.query

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate(*args, **kwargs)
        export = exports().get(self.what.data or "")
        if export is None:
            self.fail("what", _("Choose what to export."))
            return False
        if self.format.data not in OF_LISTS:
            self.fail("format", _("Choose a format."))
            return False
        if self.format.data == Format.VCARD and not export.has_cards:
            self.fail("format", _("Only customers can be contacts. Choose another format."))
            return False
        return valid
