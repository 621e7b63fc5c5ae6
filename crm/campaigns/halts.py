"""What the send policy has to know of campaigns: messages of one that is paused wait, of one that is stopped end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.outcomes import PAUSED, STOPPED
from crm.campaigns.rules import State
from crm.kernel.columns import one_of
from crm.kernel.extensions import db
from crm.kernel.manifest import Halt


def of_messages(ids: Sequence[int]) -> Mapping[int, Halt]:
    """Return by id why messages wait or end."""
    rows = db.session.execute(
        sa.select(CampaignRecipient.message_id, Campaign.state)
        .join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
        .where(one_of(CampaignRecipient.message_id, ids), Campaign.state.in_((State.PAUSED, State.STOPPED)))
    )
    ends = {State.STOPPED: Halt(STOPPED, for_good=True), State.PAUSED: Halt(PAUSED)}
    return {id_: ends[state] for id_, state in rows if id_ is not None}
