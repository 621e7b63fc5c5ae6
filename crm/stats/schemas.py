from __future__ import annotations

from marshmallow import fields

from crm.api.schemas import Output


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
