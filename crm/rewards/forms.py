"""Forms of rewards and redemptions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup
from wtforms import BooleanField, Field, RadioField, SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from crm.accounts import typed
from crm.accounts.queries import branch_names, current_organization
from crm.customers.rules import Tier
from crm.rewards.models import Reward
from crm.rewards.queries import Offer
from crm.rewards.rules import (
    MAX_COST,
    MAX_DAYS,
    MAX_DETAILS,
    MAX_NAME,
    MAX_STOCK,
    MAX_TIMES,
    Period,
    RewardKind,
)
from crm.values import money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.values.text import ascii_digits
from crm.web.forms import CreatingForm, Length, Required, options


class RewardForm(CreatingForm):
    """A reward; `values` are its columns once the form is valid."""

    name = StringField(N_("Name"), [Required(N_("Enter what the reward is called.")), Length(MAX_NAME)])
    kind = RadioField(N_("What it is"), default=RewardKind.FREE_ITEM.value, validate_choice=False)
    value = StringField(N_("Value"))
    maximum = StringField(N_("At most"))
    cost = StringField(N_("Points"))
    by_points = BooleanField(N_("Customers choose how many points they give, and the amount grows with them"))
    minimum_spend = StringField(N_("Smallest purchase"))
    stock = StringField(N_("How many there are"))
    per_customer = StringField(N_("Times for each customer"))
    per_period = SelectField(N_("Period"), default=Period.EVER.value, validate_choice=False)
    minimum_tier = SelectField(N_("From tier"), validate_choice=False)
    branches = SelectMultipleField(
        N_("Offered at"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(), validate_choice=False
    )
    starts_on = StringField(N_("From"))
    ends_on = StringField(N_("Until"))
    voucher_days = StringField(N_("Days to use it"))

    def __init__(self, reward: Reward | None = None) -> None:
        self.reward = reward
        super().__init__(data={} if self.is_submitted() or reward is None else _typed(reward))
        self.kind.choices = options((kind.value, kind.label) for kind in RewardKind)
        self.per_period.choices = options((period.value, period.label) for period in Period)
        self.minimum_tier.choices = options([("", _("Every tier")), *((tier.value, tier.label) for tier in Tier)])
        self._branches = dict(branch_names())
        names = {id_: Markup("<bdi>{}</bdi>").format(name) for id_, name in self._branches.items()}
        self.branches.choices = options(names.items())
        self._found: dict[str, Any] = {}
        if not self._branches:
            del self.branches

    def values(self) -> dict[str, Any]:
        return self._found

    def validate_name(self, field: Field) -> None:
        self._found["name"] = field.data

    def validate_kind(self, field: Field) -> None:
        kind = _kind(field.data)
        if kind is None:
            raise ValidationError(_("Choose what the reward is."))
        self._found["kind"] = kind

    def validate_value(self, field: Field) -> None:
        text, kind = field.data or "", _kind(self.kind.data)
        details = kind in (RewardKind.FREE_ITEM, RewardKind.OTHER)
        if details:
            Length(MAX_DETAILS)(self, field)
        self._found |= {"details": text if details else "", "value": None}
        if kind is RewardKind.AMOUNT_OFF:
            self._found["value"] = typed.amount(text)
        if kind is RewardKind.PERCENT_OFF:
            self._found["value"] = percentage(text)

    def validate_maximum(self, field: Field) -> None:
        self._found["maximum"] = typed.amount(field.data) if field.data else None

    def validate_minimum_spend(self, field: Field) -> None:
        self._found["minimum_spend"] = typed.amount(field.data) if field.data else None

    def validate_cost(self, field: Field) -> None:
        self._found["cost"] = typed.whole(field.data, 1, MAX_COST)
        self._found["by_points"] = bool(self.by_points.data)

    def validate_stock(self, field: Field) -> None:
        self._found["stock"] = typed.whole(field.data, 0, MAX_STOCK) if field.data else None

    def validate_per_customer(self, field: Field) -> None:
        self._found["per_customer"] = typed.whole(field.data, 1, MAX_TIMES) if field.data else None

    def validate_per_period(self, field: Field) -> None:
        self._found["per_period"] = Period(typed.among(field.data, list(Period))) if field.data else Period.EVER

    def validate_minimum_tier(self, field: Field) -> None:
        self._found["minimum_tier"] = Tier(typed.among(field.data, list(Tier))) if field.data else None

    def validate_branches(self, field: Field) -> None:
        known = {str(id_): id_ for id_ in self._branches}
        self._found["branches"] = sorted(known[text] for text in set(field.data or []) if text in known)

    def validate_starts_on(self, field: Field) -> None:
        self._found["starts_on"] = _day(field.data) if field.data else None

    def validate_ends_on(self, field: Field) -> None:
        ends_on = self._found["ends_on"] = _day(field.data) if field.data else None
        starts_on = self._found.get("starts_on")
        if ends_on and starts_on and ends_on < starts_on:
            raise ValidationError(_("Enter an end that is not before the beginning."))

    def validate_voucher_days(self, field: Field) -> None:
        self._found["voucher_days"] = typed.whole(field.data, 1, MAX_DAYS) if field.data else None


class RedemptionForm(CreatingForm):
    """Which reward, and for one by the points how many; `at_once` uses the voucher, too."""

    reward = RadioField(N_("Reward"), validate_choice=False, coerce=str)
    points = StringField(N_("Points"))
    at_once = BooleanField(N_("Use the voucher now"))
    number: int | None = None

    def __init__(self, offers: Sequence[Offer]) -> None:
        super().__init__()
        self.offers = offers
        self._known = {str(offer.reward.id): offer.reward for offer in offers}
        self.reward.choices = options((offer.reward.id, offer.reward.name) for offer in offers)

    @property
    def open(self) -> list[Offer]:
        return [offer for offer in self.offers if not offer.refusal]

    @property
    def closed(self) -> list[Offer]:
        return [offer for offer in self.offers if offer.refusal]

    @property
    def asks_points(self) -> bool:
        return any(offer.reward.by_points for offer in self.open)

    @property
    def chosen(self) -> Reward:
        return self._known[self.reward.data]

    def validate_reward(self, field: Field) -> None:
        if field.data not in self._known:
            raise ValidationError(_("Choose a reward."))

    def validate_points(self, field: Field) -> None:
        reward = self._known.get(self.reward.data or "")
        if reward is not None and reward.by_points:
            self.number = typed.whole(field.data, reward.cost, MAX_COST)


def percentage(text: str) -> int:
    """Read 10 or 10%; raises ValidationError."""
    plain = ascii_digits(text).replace("%", "").replace("٪", "").strip()
    if not re.fullmatch(r"\d{1,3}", plain, re.ASCII) or not 1 <= int(plain) <= 100:
        raise ValidationError(_("Enter a whole number of percent, from 1 to 100."))
    return int(plain)


def _kind(text: str | None) -> RewardKind | None:
    return next((kind for kind in RewardKind if kind == text), None)


def _day(text: str | None) -> dt.date:
    sentence = N_("Enter a date, like 2026-11-20.")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text or "", re.ASCII):
        raise ValidationError(sentence)
    try:
        return dt.date.fromisoformat(text or "")
    except ValueError:
        raise ValidationError(sentence) from None


def _typed(reward: Reward) -> dict[str, Any]:
    """Return the columns as fields show them."""
    return {
        "name": reward.name,
        "kind": reward.kind.value,
        "value": _value(reward),
        "maximum": _as_typed(reward.maximum),
        "cost": str(reward.cost),
        "by_points": reward.by_points,
        "minimum_spend": _as_typed(reward.minimum_spend),
        "stock": _number(reward.stock),
        "per_customer": _number(reward.per_customer),
        "per_period": reward.per_period.value,
        "minimum_tier": reward.minimum_tier.value if reward.minimum_tier else "",
        "branches": list(map(str, reward.branches)),
        "starts_on": reward.starts_on.isoformat() if reward.starts_on else "",
        "ends_on": reward.ends_on.isoformat() if reward.ends_on else "",
        "voucher_days": _number(reward.voucher_days),
    }


def _value(reward: Reward) -> str:
    if reward.kind is RewardKind.AMOUNT_OFF:
        return _as_typed(reward.value)
    return _number(reward.value) if reward.kind is RewardKind.PERCENT_OFF else reward.details


def _as_typed(amount: int | None) -> str:
    organization = current_organization()
    return "" if amount is None else money.as_typed(amount, organization.currency, organization.locale)


def _number(number: int | None) -> str:
    return "" if number is None else str(number)
