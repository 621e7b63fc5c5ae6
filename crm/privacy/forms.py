"""The forms of erasures."""

from __future__ import annotations

from typing import Any

from wtforms import Field, StringField, TextAreaField, ValidationError

from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import Form, Length, Required


class EraseForm(Form):
    name = StringField(N_("Their name"), [Required(N_("Type the name, so that nobody else is erased."))])
    reason = TextAreaField(N_("Why"), [Required(N_("Write why, as in “asked by e-mail on 3 May”.")), Length(300)])

    def __init__(self, wanted: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def validate_name(self, field: Field) -> None:
        if _plain(field.data) != _plain(self.wanted):
            raise ValidationError(_("Type the name as it stands here: %(name)s.", name=self.wanted))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
