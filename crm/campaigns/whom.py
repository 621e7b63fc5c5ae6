"""Whom a campaign goes to, before it starts: a question that is answered anew each time."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from crm.campaigns.models import Campaign
from crm.customers.filters import Chip
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.segments.audience import audience_of
from crm.segments.models import Segment
from crm.values.language import gettext as _

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Whom:
    """conditions: of the customers. problem: why there are none, "" where nothing is wrong."""

    conditions: list[Condition]
    problem: str
    chips: list[Chip]
    segment: Segment | None = None

    def count(self) -> int:
        return db.session.scalars(sa.select(sa.func.count(Customer.id)).where(*self.conditions)).one()


def whom(campaign: Campaign) -> Whom:
    if campaign.segment_id is not None:
        segment = db.session.get(Segment, campaign.segment_id)
        if segment is None:
            return Whom([sa.false()], _("The segment was deleted. Choose another one."), [])
        audience = audience_of(segment.query)
        return Whom(audience.conditions(), audience.problem, audience.chips(), segment)
    if campaign.query is not None:
        audience = audience_of(campaign.query)
        left_out = [~one_of(Customer.id, campaign.excluded)] if campaign.excluded else []
        return Whom([*audience.conditions(), *left_out], audience.problem, audience.chips())
    if campaign.customer_ids:
        return Whom([one_of(Customer.id, campaign.customer_ids), Customer.merged_into_id.is_(None)], "", [])
    return Whom([sa.false()], _("Choose the segment to write to."), [])
