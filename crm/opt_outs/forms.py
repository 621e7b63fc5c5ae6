"""The forms of the list of opt-outs."""

from __future__ import annotations

from wtforms import StringField, TextAreaField

from crm.web.forms import CreatingForm, Form, Length, Required


class OptOutForm(CreatingForm):
    phone = StringField("Phone number", [Required("Enter the phone number."), Length(60)])
    note = StringField("Note", [Length(200)])


class StopWordsForm(Form):
    words = TextAreaField("Your own stop words", [Length(2_500)])
