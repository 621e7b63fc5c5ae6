"""What campaigns do when a segment goes, when customers are merged, and when WhatsApp asks to send again later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.campaigns import services
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import State
from crm.customers.signals import MergePair, customers_merged
from crm.kernel.columns import one_of
from crm.kernel.errors import ConflictError
from crm.kernel.extensions import db
from crm.messages.signals import marketing_put_off
from crm.segments.models import Segment
from crm.segments.signals import segment_deleting
from crm.values.language import gettext as _


@segment_deleting.connect
def keep_what_is_written_to(segment: Segment, **kwargs: Any) -> None:
    """Refuse to delete what a scheduled campaign goes to; a draft says that its segment is gone."""
    waiting = sa.select(Campaign.name).where(Campaign.segment_id == segment.id, Campaign.state == State.SCHEDULED)
    name = db.session.scalar(waiting.limit(1), execution_options={"all_branches": True})
    if name is not None:
        raise ConflictError(
            _("The campaign “%(name)s” is to go to this segment. Change or delete it first.", name=name)
        )


@marketing_put_off.connect
def go_on(message_ids: Sequence[int], **kwargs: Any) -> None:
    services.go_on_with(message_ids)


@customers_merged.connect
def compare_neither(pair: MergePair) -> None:
    """Leave both out of comparisons: what the survivor buys is of two from now on."""
    statement = sa.update(CampaignRecipient).where(
        one_of(CampaignRecipient.customer_id, [pair.survivor.id, pair.merged.id])
    )
    db.session.execute(statement.values(is_compared=False), execution_options={"synchronize_session": False})
