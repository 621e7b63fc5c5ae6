"""The forms of the rules of points."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from wtforms import BooleanField, Field, SelectField, StringField, ValidationError
from wtforms.widgets import CheckboxInput

from crm.accounts.queries import branches, current_organization
from crm.accounts.rules import parse_setting
from crm.customers.rules import Tier
from crm.loyalty.expiry import Expiry
from crm.loyalty.models import LoyaltySettings, PointsMultiplier
from crm.loyalty.multipliers import MultiplierKind, times_shown
from crm.loyalty.rules import MAX_POINTS
from crm.loyalty.tiers import Window
from crm.values import clock, money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits
from crm.web.forms import Form, Whole, options

EXPIRY_CHOICES = (
    (Expiry.NONE, N_("They never end")),
    (Expiry.MONTHS, N_("At the end of a month, some months later")),
    (Expiry.DAYS, N_("Some days later")),
    (Expiry.YEARLY, N_("On a day of the year")),
    (Expiry.INACTIVITY, N_("Some months after the last purchase or visit")),
)
WINDOW_CHOICES = (
    (Window.LIFETIME, N_("Of all time")),
    (Window.ROLLING, N_("Of the last 12 months")),
    (Window.YEAR, N_("Of the calendar year")),
)
KIND_CHOICES = (
    (MultiplierKind.TIER, N_("From a tier on")),
    (MultiplierKind.WEEKDAY, N_("On a day of the week")),
    (MultiplierKind.DATES, N_("Between two dates")),
    (MultiplierKind.BRANCH, N_("Customers of a branch")),
    (MultiplierKind.BIRTHDAY_WEEK, N_("In the week of a birthday")),
)
MOST_TIMES = 100
_TIMES = re.compile(r"(\d{1,3})(?:[.,](\d{1,3}))?", re.ASCII)


class Tick(BooleanField):  # type: ignore[misc]  # wtforms has no types
    """A checkbox after a hidden field of its name, so that a form without it changes nothing."""

    widget = CheckboxInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep what there was where nothing was sent."""
        if valuelist:
            self.data = any(value not in self.false_values for value in valuelist)


class ProgrammeForm(Form):
    """All rules of points; a field that is not sent stays as it is."""

    earn_points = StringField(N_("Points"))
    earn_per = StringField(N_("For every"))
    multipliers_add_up = Tick(N_("Multipliers add up"))
    expiry = SelectField(N_("Points end"), choices=options(EXPIRY_CHOICES), validate_choice=False)
    expiry_months = StringField(N_("Months"), [Whole(1, 120)])
    expiry_days = StringField(N_("Days"), [Whole(1, 3_650)])
    expiry_day = StringField(N_("Day of the year"))
    existing_too = BooleanField(N_("Also for the points that customers have now"))
    notices = Tick(N_("Tell customers 30 and 7 days before points end, and before a tier falls"))
    return_grace_days = StringField(N_("Days for points that come back late"), [Whole(0, 365)])
    tier_window = SelectField(N_("Points that count"), choices=options(WINDOW_CHOICES), validate_choice=False)
    tier_grace_days = StringField(N_("Days before a tier falls"), [Whole(0, 365)])
    bonus_counts = Tick(N_("Bonus points count for the tier"))
    check_in_hours = StringField(N_("Hours until somebody can check in again"), [Whole(0, 168)])
    referrer_points = StringField(N_("Points for who brings a friend"), [Whole(0, MAX_POINTS)])
    friend_points = StringField(N_("Points for the friend"), [Whole(0, MAX_POINTS)])
    referral_minimum = StringField(N_("Smallest first purchase"))
    referral_hold_days = StringField(N_("Days until the points for a friend are given"), [Whole(0, 365)])
    referral_weekly_limit = StringField(N_("Friends in a week before somebody looks at it"), [Whole(1, 1_000)])
    expired_vouchers_return = Tick(N_("A voucher that ends unused gives its points back"))

    def __init__(self, settings: LoyaltySettings) -> None:
        organization = current_organization()
        self.currency, self.locale = organization.currency, organization.locale
        earning = {"earn_points": str(organization.earn_points or ""), "earn_per": self._written(organization.earn_per)}
        stored = {name: getattr(settings, name) for name in self._of_settings()}
        texts = {name: value if isinstance(value, bool) else str(value) for name, value in stored.items()}
        texts["referral_minimum"] = self._written(settings.referral_minimum)
        super().__init__(data={**texts, **earning})

    @classmethod
    def _of_settings(cls) -> list[str]:
        own = {"earn_points", "earn_per", "existing_too"}
        names = LoyaltySettings.__table__.columns.keys()
        return [name for name in names if hasattr(cls, name) and name not in own]

    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self._of_settings():
            data = self[name].data
            found[name] = data if isinstance(data, bool) else ascii_digits((data or "").strip())
            if any(isinstance(check, Whole) for check in self[name].validators):
                found[name] = int(found[name])
        found |= {"expiry": Expiry(self.expiry.data), "tier_window": Window(self.tier_window.data)}
        return found | {"referral_minimum": self._read(self.referral_minimum.data)}

    def earning(self) -> dict[str, str]:
        per = money.to_json(self._read(self.earn_per.data), self.currency)
        return {"earn_points": ascii_digits((self.earn_points.data or "").strip()), "earn_per": per}

    def validate_earn_points(self, field: Field) -> None:
        try:
            parse_setting("earn_points", ascii_digits((field.data or "").strip()))
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def validate_earn_per(self, field: Field) -> None:
        per = self._checked(field)
        if bool(per) != bool(ascii_digits(self.earn_points.data or "").strip().strip("0")):
            raise ValidationError(_("Enter how many points, and for every how much, or leave both empty."))

    def validate_referral_minimum(self, field: Field) -> None:
        self._checked(field)

    def validate_expiry(self, field: Field) -> None:
        if field.data not in list(Expiry):
            raise ValidationError(_("Choose when points end."))

    def validate_tier_window(self, field: Field) -> None:
        if field.data not in list(Window):
            raise ValidationError(_("Choose which points count for the tier."))

    def validate_expiry_day(self, field: Field) -> None:
        typed = ascii_digits((field.data or "").strip())
        try:
            if not re.fullmatch(r"\d{2}-\d{2}", typed, re.ASCII):
                raise ValueError
            dt.date.fromisoformat(f"2028-{typed}")
        except ValueError:
            raise ValidationError(_("Enter a month and a day like 12-31.")) from None

    def _checked(self, field: Field) -> int:
        try:
            return self._read(field.data)
        except money.MoneyError as error:
            raise ValidationError(str(error)) from None

    def _read(self, text: str | None) -> int:
        return money.parse_amount(text, self.locale, self.currency) if text and text.strip("0., ") else 0

    def _written(self, amount: int) -> str:
        unit = money.unit(self.currency)
        if amount % unit:
            return money.as_typed(amount, self.currency, self.locale)
        return money.format_number(amount // unit, self.locale) if amount else ""


class MultiplierForm(Form):
    kind = SelectField(N_("When"), choices=options(KIND_CHOICES), validate_choice=False)
    tier = SelectField(N_("Tier"), validate_choice=False)
    weekday = SelectField(N_("Day"), validate_choice=False)
    starts_on = StringField(N_("First day"))
    ends_on = StringField(N_("Last day"))
    branch = SelectField(N_("Branch"), validate_choice=False)
    times = StringField(N_("Times the points"))

    def __init__(self, multiplier: PointsMultiplier | None = None) -> None:
        data: dict[str, Any] = {}
        if multiplier is not None:
            data = {name: getattr(multiplier, name) for name in ("kind", "tier", "weekday", "starts_on", "ends_on")}
            data = {name: "" if value is None else str(value) for name, value in data.items()}
            data |= {"branch": str(multiplier.branch_id or ""), "times": times_shown(multiplier.thousandths)}
        super().__init__(data=data)
        self.branches = {branch.id: branch.name for branch in branches()}
        self.tier.choices = options((tier.value, tier.label) for tier in list(Tier)[1:])
        self.weekday.choices = options((day, clock.say_weekday(day)) for day in range(7))
        self.branch.choices = options([("", _("None")), *self.branches.items()])

    def values(self) -> dict[str, Any]:
        kind = MultiplierKind(self.kind.data)
        found: dict[str, Any] = dict.fromkeys(("tier", "weekday", "starts_on", "ends_on", "branch_id"))
        if kind is MultiplierKind.TIER:
            found["tier"] = Tier(self.tier.data)
        elif kind is MultiplierKind.WEEKDAY:
            found["weekday"] = int(self.weekday.data)
        elif kind is MultiplierKind.DATES:
            found |= {"starts_on": _day(self.starts_on), "ends_on": _day(self.ends_on)}
        elif kind is MultiplierKind.BRANCH:
            found["branch_id"] = int(self.branch.data)
        return found | {"kind": kind, "thousandths": _thousandths(self.times.data)}

    def validate_kind(self, field: Field) -> None:
        if field.data not in list(MultiplierKind):
            raise ValidationError(_("Choose when it is in force."))

    def validate_tier(self, field: Field) -> None:
        if self.kind.data == MultiplierKind.TIER and field.data not in list(Tier):
            raise ValidationError(_("Choose a tier."))

    def validate_weekday(self, field: Field) -> None:
        if self.kind.data == MultiplierKind.WEEKDAY and field.data not in [str(day) for day in range(7)]:
            raise ValidationError(_("Choose a day of the week."))

    def validate_branch(self, field: Field) -> None:
        known = [str(id_) for id_ in self.branches]
        if self.kind.data == MultiplierKind.BRANCH and field.data not in known:
            raise ValidationError(_("Choose a branch."))

    def validate_ends_on(self, field: Field) -> None:
        if self.kind.data != MultiplierKind.DATES:
            return
        first, last = _day(self.starts_on), _day(field)
        if first is None and last is None:
            raise ValidationError(_("Enter the first day or the last one, or both."))
        if first and last and last < first:
            raise ValidationError(_("Enter a last day that is not before the first."))

    def validate_times(self, field: Field) -> None:
        if not ONE_AT_LEAST <= _thousandths(field.data) <= MOST_TIMES * 1_000:
            raise ValidationError(_("Enter a number from 1 to 100, like 2 or 1.5."))


ONE_AT_LEAST = 1_000


def _thousandths(text: str | None) -> int:
    found = _TIMES.fullmatch(ascii_digits((text or "").strip()))
    return int(found[1]) * 1_000 + int((found[2] or "").ljust(3, "0")) if found else 0


def _day(field: Field) -> dt.date | None:
    typed = ascii_digits((field.data or "").strip())
    if not typed:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", typed, re.ASCII):
            raise ValueError
        return dt.date.fromisoformat(typed)
    except ValueError:
        raise ValidationError(_("Enter a date like 2026-11-24.")) from None
