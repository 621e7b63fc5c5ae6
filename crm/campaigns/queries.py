"""Reads of campaigns and of their recipients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.outcomes import joined, skip_of, sum_of
from crm.campaigns.rules import Skip, State, Sum
from crm.customers.models import Customer
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.messages.models import Message
from crm.segments.models import Segment
from crm.values.choices import unknown_choice
from crm.values.stored import shown
from crm.web.lists import PAGE_SIZE, Page, page_of, read_page, within_pages


class CampaignFilter(NamedTuple):
    state: State | None = None
    unknown: str = ""

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> CampaignFilter:
        state = next((state for state in State if state == args.get("state")), None)
        return cls(state, unknown_choice(args, state=list(State)))

    def query(self) -> dict[str, Any]:
        return {"state": self.state.value} if self.state else {}

    def statement(self) -> sa.Select[Campaign]:
        found = sa.select(Campaign).order_by(Campaign.id.desc())
        if self.unknown:
            return found.where(sa.false())
        return found.where(Campaign.state == self.state) if self.state else found


class RecipientFilter(NamedTuple):
    campaign_id: int
    sum: Sum | None = None
    unknown: str = ""

    @classmethod
    def from_args(cls, campaign_id: int, args: Mapping[str, str]) -> RecipientFilter:
        found = next((each for each in Sum if each == args.get("state")), None)
        return cls(campaign_id, found, unknown_choice(args, state=list(Sum)))

    def query(self) -> dict[str, Any]:
        return {"campaign_id": self.campaign_id, **({"state": self.sum.value} if self.sum else {})}


class Recipient(NamedTuple):
    """skip: why there is no message. reason: what its message says of its state."""

    id: int
    customer_id: int
    name: str
    sum: Sum
    skip: Skip | None
    message_id: int | None
    reason: str

    @property
    def why(self) -> str:
        return self.skip.label if self.skip and not self.reason else shown(self.reason)


def campaigns_page(wanted: CampaignFilter, number: int) -> Page[Campaign]:
    return read_page(wanted.statement(), wanted, number)


def segment_names(campaigns: Sequence[Campaign]) -> dict[int, str]:
    """Return the names of the campaigns' segments, by the segment's id."""
    ids = {campaign.segment_id for campaign in campaigns if campaign.segment_id is not None}
    rows = db.session.execute(sa.select(Segment.id, Segment.name).where(one_of(Segment.id, ids))) if ids else ()
    return {row.id: row.name for row in rows}


def count_recipients(campaigns: Sequence[Campaign]) -> dict[int, int]:
    """Return how many recipients each campaign has, by its id."""
    ids = [campaign.id for campaign in campaigns if campaign.has_started]
    if not ids:
        return {}
    counted = sa.select(CampaignRecipient.campaign_id, sa.func.count()).where(
        one_of(CampaignRecipient.campaign_id, ids)
    )
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(CampaignRecipient.campaign_id))}


def recipients(wanted: RecipientFilter) -> sa.Select[Any]:
    """Select the recipients with what became of them."""
    columns = (CampaignRecipient.id, CampaignRecipient.customer_id, Customer.name, sum_of().label("sum"))
    found = joined(*columns, skip_of().label("skip"), CampaignRecipient.message_id, Message.reason)
    found = found.join(Customer, Customer.id == CampaignRecipient.customer_id)
    found = found.where(CampaignRecipient.campaign_id == wanted.campaign_id).order_by(CampaignRecipient.id)
    if wanted.unknown:
        return found.where(sa.false())
    return found.where(sum_of() == wanted.sum) if wanted.sum else found


def recipients_page(wanted: RecipientFilter, number: int) -> Page[Recipient]:
    number = within_pages(number)
    found = recipients(wanted).offset((number - 1) * PAGE_SIZE).limit(PAGE_SIZE + 1)
    return page_of(rows_of(found), number, wanted)


def rows_of(statement: sa.Select[Any]) -> list[Recipient]:
    return [
        Recipient(
            row.id, row.customer_id, row.name, Sum(row.sum), Skip(row.skip) if row.skip else None, row[5], row[6] or ""
        )
        for row in db.session.execute(statement)
    ]
