"""The forms of the list of opt-outs."""

from __future__ import annotations

from wtforms import StringField, TextAreaField

from crm.values.language import N_
from crm.web.forms import CreatingForm, Form, Length, Required


class OptOutForm(CreatingForm):
    phone = StringField(
        N_("Phone number or e-mail"), [Required(N_("Enter the phone number or the e-mail address.")), Length(254)]
    )
    note = StringField(N_("Note"), [Length(200)])


class StopWordsForm(Form):
    words = TextAreaField(N_("Your own stop words"), [Length(2_500)])
