"""What a campaign brought: who bought afterwards, of those who were to get it and of those who were held out."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import sqlalchemy as sa
from babel.numbers import format_decimal

from crm.accounts.queries import current_organization
from crm.analytics.holdouts import Difference, difference
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import BUYS_WITHIN, Part
from crm.invoices.models import Invoice
from crm.kernel.extensions import db
from crm.values import clock


class Arm(NamedTuple):
    customers: int
    buyers: int

    @property
    def percent(self) -> float:
        return 100 * self.buyers / self.customers if self.customers else 0.0


class Result(NamedTuple):
    """Compared by what was drawn, not by what arrived. until: the last day that counts; found: None without people."""

    treated: Arm
    held_out: Arm
    until: dt.date
    is_over: bool
    found: Difference | None

    @property
    def value(self) -> str:
        return _points(self.found.value) if self.found else ""

    @property
    def low(self) -> str:
        return _points(self.found.low) if self.found else ""

    @property
    def high(self) -> str:
        return _points(self.found.high) if self.found else ""


def result_of(campaign: Campaign) -> Result | None:
    """Return the comparison, None where nobody was held out."""
    if campaign.started_at is None or not campaign.hold_out:
        return None
    organization = current_organization()
    zone = clock.zone(organization.time_zone)
    first = clock.to_local(campaign.started_at, zone).date()
    until = first + dt.timedelta(days=BUYS_WITHIN)
    bought = (
        sa.select(Invoice.id)
        .where(
            Invoice.customer_id == CampaignRecipient.customer_id,
            Invoice.status == "open",
            Invoice.currency == organization.currency,
            Invoice.date.between(first, until),
        )
        .exists()
    )
    counted = (
        sa.select(CampaignRecipient.part, sa.func.count(), sa.func.sum(sa.case((bought, 1), else_=0)))
        .where(CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.is_compared)
        .group_by(CampaignRecipient.part)
    )
    rows = db.session.execute(counted, execution_options={"all_branches": True})
    arms = {part: Arm(customers, buyers) for part, customers, buyers in rows}
    treated, held_out = arms.get(Part.TREATED, Arm(0, 0)), arms.get(Part.HELD_OUT, Arm(0, 0))
    is_over = clock.to_local(clock.utcnow(), zone).date() > until
    both = treated.customers and held_out.customers
    found = difference(treated.buyers, treated.customers, held_out.buyers, held_out.customers) if both else None
    return Result(treated, held_out, until, is_over, found)


def _points(share: float) -> str:
    """Return percentage points as the organization writes numbers."""
    return str(format_decimal(100 * share, "0.0", locale=current_organization().locale))
