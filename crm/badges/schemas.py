"""The shapes of badges in the JSON API."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from crm.accounts.access import here
from crm.api.fields import Number, QueryYesNo, RequiredLine, Timestamp
from crm.api.schemas import ONE_OF, Input, Output, PageQuery
from crm.badges.rules import MAX_DAYS, MAX_NAME, MAX_TIMES, Metric, Period, Picture, Reward
from crm.loyalty.rules import MAX_POINTS
from crm.values import money

METRICS, PERIODS = [each.value for each in Metric], [each.value for each in Period]
REWARDS, PICTURES = [each.value for each in Reward], [each.value for each in Picture]
NAME = "Enter what the badge is called."
TARGET = "How many; an amount for `spend`, as a text with a point or a number."


class Target(fields.Field[Any]):
    """How many, or an amount for money spent; the view reads it by the metric."""

    default_error_messages = {"invalid": "Send a whole number, or an amount for spend."}

    def __init__(self, **options: Any) -> None:
        kinds = {"type": ["integer", "string", "number"], "description": TARGET}
        super().__init__(**{"metadata": kinds, **options})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return money.to_json(value, here().organization.currency) if obj.metric is Metric.SPEND else value

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        return value


class BadgeChange(Input):
    name = RequiredLine(MAX_NAME, NAME)
    picture = fields.String(validate=validate.OneOf(PICTURES, error=ONE_OF))
    metric = fields.String(validate=validate.OneOf(METRICS, error=ONE_OF))
    target = Target()
    period = fields.String(
        validate=validate.OneOf(PERIODS, error=ONE_OF), metadata={"description": "`rolling` goes with `period_days`."}
    )
    period_days = Number(1, MAX_DAYS, allow_none=True)
    times = Number(
        1, MAX_TIMES, allow_none=True, metadata={"description": "How often one customer can have it; null: no limit."}
    )
    reward = fields.String(
        validate=validate.OneOf(REWARDS, error=ONE_OF),
        metadata={"description": "`points` goes with `points`, `voucher` with `voucher`."},
    )
    points = Number(1, MAX_POINTS, allow_none=True)
    voucher = Number(allow_none=True, metadata={"description": "The id of the reward that the voucher is for."})


class BadgeInput(BadgeChange):
    name = RequiredLine(MAX_NAME, NAME, required=True)
    metric = fields.String(required=True, validate=validate.OneOf(METRICS, error=ONE_OF))
    target = Target(required=True)


class Badge(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    picture = fields.String(metadata={"enum": PICTURES})
    metric = fields.String(metadata={"enum": METRICS})
    target = Target()
    period = fields.String(metadata={"enum": PERIODS})
    period_days = fields.Integer(allow_none=True)
    times = fields.Integer(allow_none=True)
    reward = fields.String(metadata={"enum": REWARDS})
    points = fields.Integer(allow_none=True)
    voucher = fields.Integer(attribute="reward_id", allow_none=True)
    is_archived = fields.Boolean()
    created_at = Timestamp()
    updated_at = Timestamp()


class BadgeQuery(PageQuery):
    archived = QueryYesNo(metadata={"description": "true: those that are no longer granted, too."})


class Grant(Output):
    id = fields.Integer()
    badge = fields.Integer(attribute="badge_id")
    name = fields.String(attribute="badge.name")
    picture = fields.String(attribute="badge.picture", metadata={"enum": PICTURES})
    place = fields.String(metadata={"description": "Which of several it is, or the period: 2, 2026-11, 2026."})
    granted_at = Timestamp()
