"""API schemas of rewards, vouchers and redemptions."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from crm.accounts.access import here
from crm.api.fields import AMOUNT, Amount, Day, Money, Number, QueryNumber, QueryYesNo, RequiredLine, Timestamp, YesNo
from crm.api.schemas import ONE_OF, Input, Output, PageQuery
from crm.customers.rules import Tier
from crm.rewards.rules import (
    MAX_BRANCHES,
    MAX_COST,
    MAX_DAYS,
    MAX_DETAILS,
    MAX_NAME,
    MAX_STOCK,
    MAX_TIMES,
    Period,
    RewardKind,
    VoucherState,
)
from crm.values import money
from crm.web.filters import today

KINDS, PERIODS = [kind.value for kind in RewardKind], [period.value for period in Period]
TIERS, STATES = [tier.value for tier in Tier], [state.value for state in VoucherState]
LONGEST_CODE = 200
VALUE = (
    "By the kind: the amount off, the percentage off from 1 to 100, or words about a free item or something else, "
    f"{MAX_DETAILS} characters at most."
)
NAME = "Enter what the reward is called."


class Worth(fields.Field[Any]):
    """The value of a reward or voucher, by its kind."""

    default_error_messages = {"invalid": "Send the value as a text or a number."}

    def __init__(self, **options: Any) -> None:
        kinds = {"type": ["string", "number"], "description": VALUE, "maxLength": MAX_DETAILS}
        super().__init__(**{"metadata": kinds, **options})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        if obj.kind is RewardKind.AMOUNT_OFF:
            return money.to_json(obj.value or 0, here().organization.currency)
        return obj.value if obj.kind is RewardKind.PERCENT_OFF else obj.details

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise self.make_error("invalid")
        return value


class AmountOrNone(Money):
    """An amount in answers; null for none."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else super()._serialize(value, attr, obj, **kwargs)


class RewardChange(Input):
    name = RequiredLine(MAX_NAME, NAME)
    kind = fields.String(validate=validate.OneOf(KINDS, error=ONE_OF))
    value = Worth(allow_none=True)
    maximum = Amount(allow_none=True, metadata=AMOUNT)
    cost = Number(1, MAX_COST, metadata={"description": "In points."})
    by_points = YesNo(
        metadata={
            "description": "Whoever redeems says how many points, `cost` at least; each `cost` is worth `value`. An "
            "amount off for one point always is."
        }
    )
    minimum_spend = Amount(allow_none=True, metadata=AMOUNT)
    stock = Number(0, MAX_STOCK, allow_none=True, metadata={"description": "In all; null for no limit."})
    per_customer = Number(1, MAX_TIMES, allow_none=True)
    per_period = fields.String(
        validate=validate.OneOf(PERIODS, error=ONE_OF),
        metadata={"description": "Of the calendar, in the organization's zone; weeks begin on Monday."},
    )
    minimum_tier = fields.String(allow_none=True, validate=validate.OneOf([*TIERS, ""], error=ONE_OF))
    branches = fields.List(
        Number(), validate=validate.Length(max=MAX_BRANCHES), metadata={"description": "Ids; empty for all."}
    )
    starts_on = Day(allow_none=True)
    ends_on = Day(allow_none=True)
    voucher_days = Number(1, MAX_DAYS, allow_none=True, metadata={"description": "null for vouchers without an end."})


class RewardInput(RewardChange):
    name = RequiredLine(MAX_NAME, NAME, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS, error=ONE_OF))
    cost = Number(1, MAX_COST, required=True, metadata={"description": "In points."})


class Reward(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    name = fields.String()
    kind = fields.String(metadata={"enum": KINDS})
    value = Worth(allow_none=True)
    maximum = AmountOrNone(allow_none=True)
    cost = fields.Integer()
    by_points = fields.Boolean()
    minimum_spend = AmountOrNone(allow_none=True)
    stock = fields.Integer(allow_none=True)
    left = fields.Integer(allow_none=True, metadata={"description": "Of the stock."})
    per_customer = fields.Integer(allow_none=True)
    per_period = fields.String(metadata={"enum": PERIODS})
    minimum_tier = fields.String(allow_none=True, metadata={"enum": [*TIERS, None]})
    branches = fields.List(fields.Integer())
    starts_on = fields.Date(allow_none=True)
    ends_on = fields.Date(allow_none=True)
    voucher_days = fields.Integer(allow_none=True)
    is_archived = fields.Boolean()
    created_at = Timestamp()
    updated_at = Timestamp()


class RewardQuery(PageQuery):
    archived = QueryYesNo(metadata={"description": "true: those that are no longer offered, too."})


class RedemptionInput(Input):
    reward = Number(required=True, metadata={"description": "The id of a reward."})
    points = Number(1, MAX_COST, allow_none=True, metadata={"description": "Where the reward is by the points."})


class Voucher(Output):
    id = fields.Integer()
    organization = fields.Integer(attribute="organization_id")
    code = fields.String(metadata={"pattern": "^[0-9A-HJKMNP-TV-Z]{10}$"})
    reward = fields.Integer(attribute="reward_id")
    name = fields.String()
    kind = fields.String(metadata={"enum": KINDS})
    value = Worth(allow_none=True)
    maximum = AmountOrNone(allow_none=True)
    minimum_spend = AmountOrNone(allow_none=True)
    customer = fields.Integer(attribute="customer_id")
    points = fields.Integer(metadata={"description": "0 where it was given."})
    state = fields.Method("state_now", metadata={"enum": STATES, "type": "string"})
    issued_at = Timestamp()
    expires_on = fields.Date(allow_none=True, metadata={"description": "The last day."})
    used_at = Timestamp(allow_none=True)
    used_by = fields.Function(
        lambda voucher: voucher.used_by.label if voucher.used_by else None,
        metadata={"type": ["string", "null"], "description": "A name."},
    )
    branch = fields.Integer(attribute="branch_id", allow_none=True)
    invoice = fields.Integer(attribute="invoice_id", allow_none=True)

    def state_now(self, voucher: Any) -> str:
        return str(voucher.state_on(today()))


class VoucherQuery(PageQuery):
    code = fields.String(metadata={"description": "In any case, with or without spaces and dashes."})
    state = fields.String(validate=validate.OneOf(STATES, error=ONE_OF))
    customer = QueryNumber()


class UseInput(Input):
    code = RequiredLine(LONGEST_CODE, "Enter the voucher's code.", required=True)
    invoice = Number(allow_none=True, metadata={"description": "The purchase that it is used for."})
    branch = Number(allow_none=True, metadata={"description": "Where it is used; the user's own if left out."})
