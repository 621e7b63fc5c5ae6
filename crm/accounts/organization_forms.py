"""Forms of the organization: its set-up and its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from babel.numbers import list_currencies
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.widgets import CheckboxInput, ListWidget, TimeInput

from crm.accounts import trades
from crm.accounts.forms import NewPassword, check_username
from crm.accounts.queries import current_organization
from crm.accounts.rules import Trade, parse_setting
from crm.values import countries, money
from crm.values.language import AUTO, LANGUAGES, N_
from crm.values.language import gettext as _
from crm.web.forms import Form, options


class Setting:
    def __init__(self, key: str) -> None:
        self.key = key

    def __call__(self, form: Any, field: Field) -> None:
        try:
            parse_setting(self.key, field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from None


def setting(kind: type[Field], label: str, key: str, **options: Any) -> Field:
    return kind(label, [Setting(key)], **options)


def choice(label: str, key: str, choices: Callable[[], countries.Choices], **given: Any) -> Field:
    return setting(SelectField, label, key, choices=lambda: options(choices()), validate_choice=False, **given)


def languages() -> countries.Choices:
    return [(AUTO, _("As each browser asks")), *((each.code, each.name) for each in LANGUAGES.values())]


TRADE_CHOICES = [
    (Trade.SHOP, N_("A shop")),
    (Trade.RESTAURANT, N_("A restaurant")),
    (Trade.TRAVEL, N_("A travel agency")),
]


class RegionFields(Form):
    """Country, zone, currency and locale; a value from the command line that no list has stays selectable."""

    name = setting(StringField, N_("Name"), "name")
    phone_region = choice(N_("Country"), "phone_region", countries.regions)
    time_zone = choice(N_("Time zone"), "time_zone", countries.time_zones)
    currency = choice(N_("Currency"), "currency", countries.currencies)
    locale = choice(N_("Number and money format"), "locale", countries.locales)
    language = choice(N_("Language of pages and messages"), "language", languages, default=AUTO)
    trade = RadioField(
        N_("What do you run?"), [Setting("trade")], choices=options(TRADE_CHOICES), default=Trade.TRAVEL.value
    )

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
    uses = SelectMultipleField(
        N_("What you use"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=False
    )
    branch_bound = BooleanField(N_("Staff of a branch see only its customers"))
    earn_points = setting(StringField, N_("Points"), "earn_points")
    earn_per = StringField(N_("For every"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uses.choices = options((entry.part, entry.label) for entry in trades.switches())
        if not self.uses.raw_data:
            organization = current_organization()
            self.uses.data = sorted(trades.parts_of(organization.trade, organization.uses))
        self.earn_points.data = str(self.earn_points.data or "")
        if not self.is_submitted():
            currency = current_organization().currency
            self.earn_per.data = self._written(parse_setting("earn_per", self.earn_per.data or "", currency))

    def typed(self) -> dict[str, str]:
        """Return the settings as texts that `parse_setting` reads in every locale."""
        texts = {field.name: _text(field.data) for field in self if field.name not in ("csrf_token", "uses")}
        trade = Trade(self.trade.data)
        texts["uses"] = trades.uses_after(current_organization(), trade, self.uses.data)
        return texts | {"earn_per": money.to_json(self._read(self.earn_per.data), self._currency)}

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
        locale = current_organization().locale
        return money.parse_amount(text, locale, self._currency) if text and text.strip("0.,") else 0

    def _written(self, amount: int) -> str:
        organization = current_organization()
        unit = money.unit(organization.currency)
        if amount % unit:
            return money.as_typed(amount, organization.currency, organization.locale)
        return money.format_number(amount // unit, organization.locale) if amount else ""

    @property
    def _currency(self) -> str:
        """The chosen currency, which the amounts of the same form are in."""
        chosen = (self.currency.data or "").upper()
        return chosen if chosen in list_currencies() else current_organization().currency


def _text(value: str | bool | None) -> str:
    return "yes" if value is True else value or ""
