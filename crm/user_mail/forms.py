"""Forms of users' own e-mail address."""

from __future__ import annotations

from typing import Any

from wtforms import Field, PasswordField, StringField, ValidationError

from crm.accounts.forms import NewPassword
from crm.people.identity import EmailError, normalize_email
from crm.values.language import N_
from crm.web.forms import Form, Length, Required


class ForgottenForm(Form):
    who = StringField(
        N_("User name or e-mail address"), [Required(N_("Enter your user name or e-mail address.")), Length(254)]
    )


class NewPasswordForm(Form):
    password = PasswordField(N_("New password"), [NewPassword()])

    def __init__(self, *names: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._names = names

    def names(self) -> tuple[str, ...]:
        return self._names


class AddressForm(Form):
    email = StringField(N_("E-mail"), [Length(254)])
    current = PasswordField(N_("Current password"), [Required(N_("Enter your current password."))])

    def validate_email(self, field: Field) -> None:
        try:
            field.data = normalize_email(field.data or "") or ""
        except EmailError as error:
            raise ValidationError(str(error)) from None
