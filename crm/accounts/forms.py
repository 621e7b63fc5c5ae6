"""Forms of sign-in and settings."""

from __future__ import annotations

from wtforms import HiddenField, PasswordField, StringField

from crm.web.forms import Form, Required


class LoginForm(Form):
    """Name and password."""

    username = StringField("User name", [Required("Enter your user name.")])
    password = PasswordField("Password", [Required("Enter your password.")])
    next = HiddenField()
