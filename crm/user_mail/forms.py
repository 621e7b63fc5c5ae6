"""Forms of users' own e-mail address."""

from __future__ import annotations

from wtforms import Field, PasswordField, StringField, ValidationError

from crm.people.identity import EmailError, normalize_email
from crm.values.language import N_
from crm.web.forms import Form, Length, Required


class AddressForm(Form):
    email = StringField(N_("E-mail"), [Length(254)])
    current = PasswordField(N_("Current password"), [Required(N_("Enter your current password."))])

    def validate_email(self, field: Field) -> None:
        try:
            field.data = normalize_email(field.data or "") or ""
        except EmailError as error:
            raise ValidationError(str(error)) from None
