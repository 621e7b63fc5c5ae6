"""Forms of sign-in, set-up and settings."""

from __future__ import annotations

import re
from typing import Any

from wtforms import (
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    ValidationError,
)

from crm.accounts.models import User
from crm.accounts.password_rules import password_problem
from crm.accounts.queries import branches, current_organization
from crm.accounts.rules import username_problem
from crm.kernel.roles import Role
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Form, Length, Required, options

ROLE_CHOICES = [
    (Role.VIEWER.label, N_("Viewer: can see everything, change nothing")),
    (
        Role.STAFF.label,
        N_("Staff: can work with customers, invoices and messages; can't delete for good or void invoices"),
    ),
    (
        Role.MANAGER.label,
        N_("Manager: can also delete, void invoices and manage branches; can't manage users or settings"),
    ),
    (Role.OWNER.label, N_("Owner: can do everything, also manage users and settings")),
]


class NewPassword:
    """Refuse a password that is too short or easy to guess; the form's `names()` may not be in it."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        problem = password_problem(field.data or "", *form.names())
        if problem:
            raise ValidationError(problem)


def check_username(form: Any, field: Field) -> None:
    problem = username_problem(field.data or "")
    if problem:
        raise ValidationError(problem)


def optional_id(value: Any) -> int | None:
    """Return the chosen id; None for an empty value, 0 (which no row has) for anything else that is no id."""
    text = str(value or "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


class LoginForm(Form):
    stale = N_("This page was opened before somebody signed in or out here. Enter your password once more.")

    username = StringField(N_("User name"), [Required(N_("Enter your user name."))])
    password = PasswordField(N_("Password"), [Required(N_("Enter your password."))])
    next = HiddenField()
    kept = HiddenField()


class BranchForm(CreatingForm):
    name = StringField(N_("Name"), [Required(N_("Enter the branch's name.")), Length(200)])


class MemberFields(CreatingForm):
    role = RadioField(N_("Role"), choices=options(ROLE_CHOICES), default=Role.STAFF.label, validate_choice=False)
    branch = SelectField(N_("Branch"), coerce=optional_id, validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branch.choices = options([("", _("No branch in particular")), *((row.id, row.name) for row in branches())])

    def validate_role(self, field: Field) -> None:
        try:
            Role.named(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


class InviteForm(MemberFields):
    """An invitation; name and e-mail are the owner's note, no user is looked up by them."""

    name = StringField(N_("Name"), [Length(200)])
    email = StringField(N_("E-mail"), [Length(254)])

    def validate_name(self, field: Field) -> None:
        if not field.data and not self.email.data:
            raise ValidationError(_("Enter their name or e-mail, so that you know whom you invited."))

    def validate_email(self, field: Field) -> None:
        if field.data and not re.fullmatch(r"[^@\s]+@[^@\s]+", field.data):
            raise ValidationError(_("Enter an e-mail address like name@example.com, or leave it empty."))


class JoinForm(Form):
    stale = N_("Somebody signed in or out here since this page was opened. Check it, then join.")

    username = StringField(N_("User name"), [check_username])
    password = PasswordField(N_("Password"), [NewPassword()])

    def __init__(self, *organization: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization

    def names(self) -> tuple[str, ...]:
        return self.username.data or "", *self.organization


class UserForm(MemberFields):
    name = StringField(N_("Name"), [Length(200)])


class ResetPasswordForm(Form):
    password = PasswordField(N_("New password"), [NewPassword()])

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user

    def names(self) -> tuple[str, ...]:
        organization = current_organization()
        return self.user.username, organization.slug, organization.name


class PasswordForm(ResetPasswordForm):
    current = PasswordField(N_("Current password"), [Required(N_("Enter your current password."))])
