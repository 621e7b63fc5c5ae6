"""What a campaign brought: who bought afterwards, of those who were to get it and of those who were held out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.analytics.holdouts import Difference, difference, difference_of_means
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import BUYS_WITHIN, Part
from crm.invoices.models import Invoice
from crm.invoices.queries import OPEN
from crm.kernel.extensions import db
from crm.values import clock

ALL_BRANCHES = {"all_branches": True}


class Arm(NamedTuple):
    """spent: what each buyer spent, in minor units."""

    customers: int
    spent: Sequence[int] = ()

    @property
    def buyers(self) -> int:
        return len(self.spent)

    @property
    def average(self) -> int:
        """What a customer of it spent on average, in minor units."""
        return round(sum(self.spent) / self.customers) if self.customers else 0

    @property
    def percent(self) -> float:
        return 100 * self.buyers / self.customers if self.customers else 0.0


class Result(NamedTuple):
    """Compared by what was drawn, not by what arrived. until: the last day that counts.

    found: the difference of the shares who bought; found_spent: that of what was spent, in minor units. None without
    people.
    """

    treated: Arm
    held_out: Arm
    until: dt.date
    is_over: bool
    found: Difference | None
    found_spent: Difference | None


def result_of(campaign: Campaign) -> Result | None:
    """Return the comparison, None where nobody was held out."""
    if campaign.started_at is None or not campaign.hold_out:
        return None
    organization = current_organization()
    zone = clock.zone(organization.time_zone)
    first = clock.to_local(campaign.started_at, zone).date()
    until = first + dt.timedelta(days=BUYS_WITHIN)
    compared = CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.is_compared
    counted = sa.select(CampaignRecipient.part, sa.func.count()).where(*compared).group_by(CampaignRecipient.part)
    bought = (
        sa.select(CampaignRecipient.part, sa.func.sum(Invoice.amount))
        .join(Invoice, Invoice.customer_id == CampaignRecipient.customer_id)
        .where(*compared, OPEN, Invoice.amount > 0, Invoice.currency == organization.currency)
        .where(Invoice.date.between(first, until))
        .group_by(CampaignRecipient.part, CampaignRecipient.id)
        .order_by(CampaignRecipient.id)
    )
    spent: dict[Part, list[int]] = {part: [] for part in Part}
    for part, amount in db.session.execute(bought, execution_options=ALL_BRANCHES):
        spent[part].append(int(amount))
    counts = {part: number for part, number in db.session.execute(counted, execution_options=ALL_BRANCHES)}  # noqa: C416 -- rows are no pairs to the type checker
    treated, held_out = (Arm(counts.get(part, 0), spent[part]) for part in (Part.TREATED, Part.HELD_OUT))
    is_over = clock.to_local(clock.utcnow(), zone).date() > until
    if not treated.customers or not held_out.customers:
        return Result(treated, held_out, until, is_over, None, None)
    found = difference(treated.buyers, treated.customers, held_out.buyers, held_out.customers)
    means = difference_of_means(treated.spent, treated.customers, held_out.spent, held_out.customers)
    return Result(treated, held_out, until, is_over, found, means)
