"""The form of a badge."""

from __future__ import annotations

import re
from typing import Any

from wtforms import Field, RadioField, SelectField, StringField, ValidationError

from crm.accounts import typed
from crm.accounts.queries import current_organization
from crm.badges.gifts import offered
from crm.badges.models import Badge
from crm.badges.rules import MAX_DAYS, MAX_NAME, MAX_TARGET, MAX_TIMES, Metric, Period, Picture, Reward
from crm.loyalty.rules import MAX_POINTS
from crm.values import money
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, Length, Required, options

_SIGNS = re.compile(r"[\s-]+")


class BadgeForm(CreatingForm):
    """A badge; `values` are its columns once the form is valid."""

    name = StringField(N_("Name"), [Required(N_("Enter what the badge is called.")), Length(MAX_NAME)])
    picture = RadioField(N_("Picture"), default=Picture.STAR.value, validate_choice=False)
    metric = SelectField(N_("What counts"), default=Metric.VISITS.value, validate_choice=False)
    target = StringField(N_("How many"))
    period = SelectField(N_("In what time"), default=Period.EVER.value, validate_choice=False)
    period_days = StringField(N_("Number of days"))
    times = StringField(N_("Times for each customer"), default="1")
    reward = RadioField(N_("With the badge they get"), default=Reward.NONE.value, validate_choice=False)
    points = StringField(N_("Points"))
    voucher = SelectField(N_("Voucher for"), validate_choice=False)

    def __init__(self, badge: Badge | None = None) -> None:
        self.badge = badge
        super().__init__(data={} if self.is_submitted() or badge is None else _typed(badge))
        self.picture.choices = options((each.value, each.label) for each in Picture)
        self.metric.choices = options((each.value, each.label) for each in Metric)
        self.period.choices = options((each.value, each.label) for each in Period)
        self._rewards = offered()
        if badge is not None and badge.voucher_of is not None:
            self._rewards.setdefault(badge.voucher_of.id, badge.voucher_of.name)
        self.reward.choices = options((each.value, each.label) for each in Reward if self._may_give(each))
        self.voucher.choices = options([("", _("Choose a reward")), *self._rewards.items()])
        self._found: dict[str, Any] = {}

    def _may_give(self, reward: Reward) -> bool:
        gives_now = self.badge is not None and self.badge.reward is reward
        return reward is not Reward.VOUCHER or bool(self._rewards) or gives_now

    def values(self) -> dict[str, Any]:
        return self._found

    def validate_name(self, field: Field) -> None:
        self._found["name"] = field.data

    def validate_picture(self, field: Field) -> None:
        self._found["picture"] = Picture(typed.among(field.data or Picture.STAR.value, list(Picture)))

    def validate_metric(self, field: Field) -> None:
        self._found["metric"] = Metric(typed.among(_code(field.data), list(Metric)))

    def validate_target(self, field: Field) -> None:
        if _code(self.metric.data) == Metric.SPEND:
            self._found["target"] = typed.amount(field.data)
        else:
            self._found["target"] = typed.whole(field.data, 1, MAX_TARGET)

    def validate_period(self, field: Field) -> None:
        self._found["period"] = Period(typed.among(_code(field.data or Period.EVER.value), list(Period)))

    def validate_period_days(self, field: Field) -> None:
        is_rolling = _code(self.period.data) == Period.ROLLING
        self._found["period_days"] = typed.whole(field.data, 1, MAX_DAYS) if is_rolling else None

    def validate_times(self, field: Field) -> None:
        self._found["times"] = typed.whole(field.data, 1, MAX_TIMES) if field.data else None

    def validate_reward(self, field: Field) -> None:
        self._found["reward"] = Reward(typed.among(_code(field.data or Reward.NONE.value), list(Reward)))

    def validate_points(self, field: Field) -> None:
        is_given = _code(self.reward.data) == Reward.POINTS
        self._found["points"] = typed.whole(field.data, 1, MAX_POINTS) if is_given else None

    def validate_voucher(self, field: Field) -> None:
        self._found["reward_id"] = None
        if _code(self.reward.data) != Reward.VOUCHER:
            return
        known = {str(id_): id_ for id_ in self._rewards}
        if field.data not in known:
            raise ValidationError(_("Choose the reward that the voucher is for."))
        self._found["reward_id"] = known[field.data]


def _typed(badge: Badge) -> dict[str, Any]:
    """Return what the form of a badge shows."""
    organization = current_organization()
    target = str(badge.target)
    if badge.metric is Metric.SPEND:
        target = money.as_typed(badge.target, organization.currency, organization.locale)
    return {
        "name": badge.name,
        "picture": badge.picture.value,
        "metric": badge.metric.value,
        "target": target,
        "period": badge.period.value,
        "period_days": str(badge.period_days or ""),
        "times": str(badge.times or ""),
        "reward": badge.reward.value,
        "points": str(badge.points or ""),
        "voucher": str(badge.reward_id or ""),
    }


def _code(text: str | None) -> str:
    """Return a choice as we write it: `purchase days` is `purchase_days`."""
    return _SIGNS.sub("_", (text or "").strip().casefold())
