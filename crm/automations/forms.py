"""The form of an automation."""

from __future__ import annotations

from typing import Any

from wtforms import Field, SelectField, StringField, ValidationError

from crm.accounts import typed
from crm.automations import queries
from crm.automations.models import Automation
from crm.automations.rules import Occasion
from crm.customers.rules import Tier
from crm.loyalty.rules import MAX_POINTS
from crm.messages.channels.registry import all_channels
from crm.values.language import N_
from crm.values.language import gettext as _
from crm.web.forms import CreatingForm, options


class AutomationForm(CreatingForm):
    """An automation; `values` are its columns once the form is valid."""

    occasion = SelectField(N_("Occasion"), default=Occasion.BIRTHDAY.value, validate_choice=False)
    days = StringField(N_("Days"))
    tier = SelectField(N_("Tier"), validate_choice=False)
    points = StringField(N_("Points"))
    reward = SelectField(N_("Voucher for"), validate_choice=False)
    template = SelectField(N_("Message"), validate_choice=False)
    channel = SelectField(N_("Channel"), validate_choice=False)

    def __init__(self, automation: Automation | None = None) -> None:
        super().__init__(data={} if self.is_submitted() or automation is None else _typed(automation))
        self._rewards = {str(reward.id): reward for reward in queries.rewards_offered()}
        self._templates = {str(template.id): template for template in queries.templates_offered()}
        if automation is not None and automation.reward is not None:
            self._rewards.setdefault(str(automation.reward_id), automation.reward)
        self.occasion.choices = options((each.value, each.label) for each in Occasion)
        self.tier.choices = options([("", _("Any tier")), *((tier.value, tier.label) for tier in Tier)])
        self.reward.choices = options([("", _("None")), *((id_, each.name) for id_, each in self._rewards.items())])
        named = ((id_, f"{each.name} ({each.channel.label})") for id_, each in self._templates.items())
        self.template.choices = options([("", _("None")), *named])
        channels = ((str(channel), channel.label) for channel in all_channels())
        self.channel.choices = options([("", _("That of the template")), *channels])
        self._found: dict[str, Any] = {"tier": None, "template_id": None, "channel": None, "reward_id": None}

    def values(self) -> dict[str, Any]:
        return self._found

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        valid = super().validate(*args, **kwargs)
        if valid and not (self._found["points"] or self._found["reward_id"] or self._found["template_id"]):
            self.fail("points", _("Say what they get: points, a voucher, or a message."))
            return False
        return valid

    def validate_occasion(self, field: Field) -> None:
        self._found["occasion"] = Occasion(typed.among(field.data, list(Occasion)))

    def validate_days(self, field: Field) -> None:
        occasion = next((each for each in Occasion if each == self.occasion.data), None)
        limits = occasion.limits if occasion else None
        if limits is None:
            self._found["days"] = 0
        else:
            self._found["days"] = typed.whole(field.data or ("0" if limits[0] == 0 else ""), *limits)

    def validate_tier(self, field: Field) -> None:
        is_asked = self.occasion.data == Occasion.TIER and field.data
        self._found["tier"] = Tier(typed.among(field.data, list(Tier))) if is_asked else None

    def validate_points(self, field: Field) -> None:
        self._found["points"] = typed.whole(field.data or "0", 0, MAX_POINTS)

    def validate_reward(self, field: Field) -> None:
        self._found["reward_id"] = self._rewards[typed.among(field.data, self._rewards)].id if field.data else None

    def validate_template(self, field: Field) -> None:
        if field.data:
            template = self._templates[typed.among(field.data, self._templates)]
            self._found |= {"template_id": template.id, "channel": template.channel}
        elif self.channel.data:
            raise ValidationError(_("Choose the template of the message."))

    def validate_channel(self, field: Field) -> None:
        if not field.data:
            return
        typed.among(field.data, [str(channel) for channel in all_channels()])
        template = self._templates.get(self.template.data or "")
        if template is not None and template.channel != field.data:
            raise ValidationError(_("This template is for %(channel)s.", channel=template.channel.label))


def _typed(automation: Automation) -> dict[str, Any]:
    """Return what the form of an automation shows."""
    return {
        "occasion": automation.occasion.value,
        "days": str(automation.days),
        "tier": automation.tier.value if automation.tier else "",
        "points": str(automation.points or ""),
        "reward": str(automation.reward_id or ""),
        "template": str(automation.template_id or ""),
        "channel": str(automation.channel or ""),
    }
