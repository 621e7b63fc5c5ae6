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


class Setting:
    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, form: Any, field: Field) -> None:
        try:
            parse_setting(self.key, field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


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


def setting(kind: type[Field], label: str, key: str, **options: Any) -> Field:
    return kind(label, [Setting(key)], **options)


def choice(label: str, key: str, choices: Callable[[], countries.Choices]) -> Field:
    return setting(SelectField, label, key, choices=lambda: options(choices()), validate_choice=False)


class LoginForm(Form):
    stale = N_("This page was opened before somebody signed in or out here. Enter your password once more.")

    username = StringField(N_("User name"), [Required(N_("Enter your user name."))])
    password = PasswordField(N_("Password"), [Required(N_("Enter your password."))])
    next = HiddenField()


class RegionFields(Form):
    """Country, zone, currency and locale; a value from the command line that no list has stays selectable."""

    name = setting(StringField, N_("Name"), "name")
    phone_region = choice(N_("Country"), "phone_region", countries.regions)
    time_zone = choice(N_("Time zone"), "time_zone", countries.time_zones)
    currency = choice(N_("Currency"), "currency", countries.currencies)
    locale = choice(N_("Number and money format"), "locale", countries.locales)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in (self.phone_region, self.time_zone, self.currency, self.locale):
            if field.data and field.data not in {choice.value for choice in field.choices}:
                field.choices = [*options([(field.data, field.data)]), *field.choices]


class SetupForm(RegionFields):
    code = HiddenField()
    username = StringField(N_("Your user name"), [check_username])
    password = PasswordField(N_("Your password"), [NewPassword()])

    def names(self) -> tuple[str, ...]:
        return self.username.data or "", self.name.data or ""


class OrganizationForm(RegionFields):
    quiet_from = setting(StringField, N_("Quiet from"), "quiet_from", widget=TimeInput())
    quiet_until = setting(StringField, N_("Quiet until"), "quiet_until", widget=TimeInput())
    branch_bound = BooleanField(N_("Staff of a branch see only its customers"))
    earn_points = setting(StringField, N_("Points"), "earn_points")
    earn_per = StringField(N_("For every"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.earn_points.data = str(self.earn_points.data or "")
        if not self.is_submitted():
            self.earn_per.data = self._written(parse_setting("earn_per", self.earn_per.data or ""))

    def typed(self) -> dict[str, str]:
        """Return the settings as texts that `parse_setting` reads in every locale."""
        texts = {field.name: _text(field.data) for field in self if field.name != "csrf_token"}
        return texts | {"earn_per": money.to_json(self._read(self.earn_per.data))}

    def validate_earn_per(self, field: Field) -> None:
        try:
            per = self._read(field.data)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None
        if bool(per) != bool((self.earn_points.data or "").strip("0")):
            raise ValidationError(_("Enter how many points, and for every how much, or leave both empty."))

    def validate_quiet_until(self, field: Field) -> None:
        if bool(field.data) != bool(self.quiet_from.data):
            raise ValidationError(_("Enter when the quiet hours begin and when they end, or leave both empty."))
        if field.data and field.data == self.quiet_from.data:
            raise ValidationError(_("Enter an end that differs from the beginning."))

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
