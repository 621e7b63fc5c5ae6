"""The shapes of reports in the JSON API."""

from __future__ import annotations

from marshmallow import fields

from crm.analytics.rfm import Group
from crm.api.fields import WRITTEN, Money, MoneyOrNone
from crm.api.schemas import Output

MONEY = {"pattern": WRITTEN}
NONE_YET = {"description": "The day that the figures are of; null before they were computed first."}


class TierCounts(Output):
    platinum = fields.Integer()
    gold = fields.Integer()
    silver = fields.Integer()
    bronze = fields.Integer()


class Stats(Output):
    total_customers = fields.Integer()
    active_customers = fields.Integer()
    total_loyalty_points = fields.Integer()
    customers_by_tier = fields.Nested(TierCounts)


class GroupFigures(Output):
    group = fields.String(metadata={"enum": list(Group)})
    customers = fields.Integer()
    spent = Money(metadata=MONEY)


class CutOff(Output):
    score = fields.Integer(metadata={"minimum": 1, "maximum": 5})
    least = fields.Integer()
    most = fields.Integer()


class MoneyCutOff(Output):
    score = fields.Integer(metadata={"minimum": 1, "maximum": 5})
    least = Money(metadata=MONEY)
    most = Money(metadata=MONEY)


class CutOffs(Output):
    r = fields.List(fields.Nested(CutOff), metadata={"description": "Days since the last purchase."})
    f = fields.List(fields.Nested(CutOff), metadata={"description": "Purchase days."})
    m = fields.List(fields.Nested(MoneyCutOff), metadata={"description": "Spent."})


class RfmReport(Output):
    as_of = fields.Date(allow_none=True, metadata=NONE_YET)
    buyers = fields.Integer(metadata={"description": "Customers with a purchase in the look-back."})
    groups = fields.List(fields.Nested(GroupFigures))
    slipping = fields.Integer(metadata={"description": "Good customers who have not come for long."})
    cut_offs = fields.Nested(CutOffs, allow_none=True)


class CohortMonth(Output):
    month = fields.Integer(metadata={"description": "Calendar months after that of the first purchase."})
    customers = fields.Integer()


class CohortWithin(Output):
    days = fields.Integer()
    customers = fields.Integer()


class Cohort(Output):
    cohort = fields.String(metadata={"description": "The month of the first purchase, as 2026-03."})
    customers = fields.Integer()
    months = fields.List(fields.Nested(CohortMonth))
    within = fields.List(fields.Nested(CohortWithin))


class CohortReport(Output):
    as_of = fields.Date(allow_none=True, metadata=NONE_YET)
    cohorts = fields.List(fields.Nested(Cohort))


class Parameters(Output):
    r = fields.Float()
    alpha = fields.Float()
    a = fields.Float()
    b = fields.Float()


class BackTest(Output):
    weeks = fields.Integer()
    foretold = fields.Float()
    came = fields.Integer()


class ValueReport(Output):
    as_of = fields.Date(allow_none=True, metadata=NONE_YET)
    customers = fields.Integer(metadata={"description": "Customers who have bought."})
    spent = Money(metadata=MONEY)
    repeaters = fields.Integer(metadata={"description": "Customers with two purchase days or more."})
    weeks = fields.Integer(metadata={"description": "Since the first purchase."})
    parameters = fields.Nested(Parameters, allow_none=True, metadata={"description": "Of BG/NBD, in weeks."})
    backtest = fields.Nested(BackTest, allow_none=True)
    foretells = fields.Boolean(metadata={"description": "Whether the model was near enough to foretell anything."})
    come_back = fields.Integer(allow_none=True, metadata={"description": "How many may come within 90 days."})
    expected = MoneyOrNone(
        allow_none=True, metadata={**MONEY, "description": "What 12 months may bring, by the margin."}
    )
