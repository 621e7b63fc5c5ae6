"""Forms of sign-in, set-up and settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.widgets import TimeInput

from crm.accounts.models import User
from crm.accounts.password_rules import password_problem
from crm.accounts.queries import branches, current_organization
from crm.accounts.rules import parse_setting, username_problem
from crm.kernel.roles import Role
from crm.values import countries, money
from crm.web.forms import CreatingForm, Form, Length, Required, options

ROLE_CHOICES = [
    (Role.VIEWER.label, "Viewer: looks, changes nothing"),
    (Role.STAFF.label, "Staff: customers, invoices, messages"),
    (Role.MANAGER.label, "Manager: also deletes, voids, keeps the branches"),
    (Role.OWNER.label, "Owner: also users and settings"),
]


class Setting:
    """Check the text of an organization's setting as every other way of changing it does."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, form: Any, field: Field) -> None:
        """Refuse what the setting refuses, with its sentence."""
        try:
            parse_setting(self.key, field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


class NewPassword:
    """Refuse a password that is too short or easy to guess, also from what the form's `names()` are."""

    field_flags = {"required": True}

    def __call__(self, form: Any, field: Field) -> None:
        """Check the password."""
        problem = password_problem(field.data or "", *form.names())
        if problem:
            raise ValidationError(problem)


def check_username(form: Any, field: Field) -> None:
    """Refuse a user name that can't be told from another or typed."""
    problem = username_problem(field.data or "")
    if problem:
        raise ValidationError(problem)


def optional_id(value: Any) -> int | None:
    """Return the chosen id, None for none, and 0, which no row has, for what is no id."""
    text = str(value or "")
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def setting(kind: type[Field], label: str, key: str, **options: Any) -> Field:
    """Return the field of an organization's setting."""
    return kind(label, [Setting(key)], **options)


def choice(label: str, key: str, choices: Callable[[], countries.Choices]) -> Field:
    """Return the field of a setting that is chosen from a list."""
    return setting(SelectField, label, key, choices=lambda: options(choices()), validate_choice=False)


class LoginForm(Form):
    """Name and password."""

    stale = "This page was opened before somebody signed in or out here. Enter your password once more."

    username = StringField("User name", [Required("Enter your user name.")])
    password = PasswordField("Password", [Required("Enter your password.")])
    next = HiddenField()


class PlaceFields(Form):
    """Where an organization is, and how it writes; what was set by other ways stays choosable."""

    name = setting(StringField, "Name", "name")
    phone_region = choice("Country", "phone_region", countries.regions)
    time_zone = choice("Time zone", "time_zone", countries.time_zones)
    currency = choice("Currency", "currency", countries.currencies)
    locale = choice("Dates and amounts as in", "locale", countries.locales)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in (self.phone_region, self.time_zone, self.currency, self.locale):
            if field.data and field.data not in {choice.value for choice in field.choices}:
                field.choices = [*options([(field.data, field.data)]), *field.choices]


class SetupForm(PlaceFields):
    """The first organization and its owner."""

    code = HiddenField()
    username = StringField("Your user name", [check_username])
    password = PasswordField("Your password", [NewPassword()])

    def names(self) -> tuple[str, ...]:
        """Return what the password may not be made from."""
        return self.username.data or "", self.name.data or ""


class OrganizationForm(PlaceFields):
    """The settings of an organization."""

    quiet_from = setting(StringField, "Quiet from", "quiet_from", widget=TimeInput())
    quiet_until = setting(StringField, "Quiet until", "quiet_until", widget=TimeInput())
    branch_bound = BooleanField("Staff of a branch see only its customers")
    earn_points = setting(StringField, "Points", "earn_points")
    earn_per = StringField("For each")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.earn_points.data = str(self.earn_points.data or "")
        if not self.is_submitted():
            self.earn_per.data = self._written(parse_setting("earn_per", self.earn_per.data or ""))

    def typed(self) -> dict[str, str]:
        """Return the settings as texts that say the same in every language."""
        texts = {field.name: _text(field.data) for field in self if field.name != "csrf_token"}
        return texts | {"earn_per": money.to_json(self._read(self.earn_per.data))}

    def validate_earn_per(self, field: Field) -> None:
        """Read the amount as the organization writes it, and refuse half of the rule."""
        try:
            per = self._read(field.data)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None
        if bool(per) != bool((self.earn_points.data or "").strip("0")):
            raise ValidationError("Enter how many points and for each of which amount, or leave both empty.")

    def validate_quiet_until(self, field: Field) -> None:
        """Refuse half of the quiet hours."""
        if bool(field.data) != bool(self.quiet_from.data):
            raise ValidationError("Enter when the quiet hours begin and when they end, or leave both empty.")
        if field.data and field.data == self.quiet_from.data:
            raise ValidationError("Enter an end that differs from the beginning.")

    def _read(self, text: str | None) -> int:
        organization = current_organization()
        return money.parse_amount(text, organization.locale, organization.currency) if text and text.strip("0.,") else 0

    def _written(self, hundredths: int) -> str:
        if hundredths % 100:
            return money.to_json(hundredths)
        return money.format_number(hundredths // 100, current_organization().locale) if hundredths else ""


def _text(value: str | bool | None) -> str:
    return "yes" if value is True else value or ""


class BranchForm(CreatingForm):
    """A branch."""

    name = StringField("Name", [Required("Enter the branch's name."), Length(200)])


class MemberFields(CreatingForm):
    """What an owner decides about a user."""

    role = RadioField("Role", choices=options(ROLE_CHOICES), default=Role.STAFF.label, validate_choice=False)
    branch = SelectField("Branch", coerce=optional_id, validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.branch.choices = options([("", "No branch in particular"), *((row.id, row.name) for row in branches())])

    def validate_role(self, field: Field) -> None:
        """Refuse what is no role."""
        try:
            Role.named(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


class InviteForm(MemberFields):
    """Someone who is to join: how the owner calls them, for nobody is looked up."""

    name = StringField("Name", [Length(200)])
    email = StringField("E-mail", [Length(254)])

    def validate_name(self, field: Field) -> None:
        """Refuse an invitation that is for nobody."""
        if not field.data and not self.email.data:
            raise ValidationError("Enter their name or e-mail, so that you know whom you invited.")

    def validate_email(self, field: Field) -> None:
        """Refuse what is no address."""
        if field.data and not re.fullmatch(r"[^@\s]+@[^@\s]+", field.data):
            raise ValidationError("Enter an e-mail address like name@example.com, or leave it empty.")


class JoinForm(Form):
    """A new user, by an invitation."""

    stale = "Somebody signed in or out here since this page was opened. Check it, then join."

    username = StringField("User name", [check_username])
    password = PasswordField("Password", [NewPassword()])

    def __init__(self, *organization: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.organization = organization

    def names(self) -> tuple[str, ...]:
        """Return what the password may not be made from."""
        return self.username.data or "", *self.organization


class UserForm(MemberFields):
    """A user who works here."""

    name = StringField("Name", [Length(200)])


class ResetPasswordForm(Form):
    """A new password for someone else."""

    password = PasswordField("New password", [NewPassword()])

    def __init__(self, user: User) -> None:
        super().__init__()
        self.user = user

    def names(self) -> tuple[str, ...]:
        """Return what the password may not be made from."""
        organization = current_organization()
        return self.user.username, organization.slug, organization.name


class PasswordForm(ResetPasswordForm):
    """A new password of one's own."""

    current = PasswordField("Present password", [Required("Enter your present password.")])
