"""What became of each recipient, as one expression: the sums, the lists and the end of a campaign follow from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import TO_COME, Part, Skip, State, Sum
from crm.delivery.portfolio import BEGINNING
from crm.kernel.extensions import db
from crm.messages.models import Attempt, Message
from crm.messages.rules import RESENDABLE, WAITING, Answer, Status
from crm.values.language import N_
from crm.values.stored import shown

PAUSED = N_("The campaign is paused.")
STOPPED = N_("The campaign was stopped.")
"""Reasons of messages, as the database keeps them."""

HAD_ENOUGH = "Skipped: had "
"""How the reasons of the frequency cap begin."""

ALL_BRANCHES = {"all_branches": True}
"""For rows of a campaign that the user sees: its customers may have moved to another branch since."""

OF_STATUS = {
    Status.SCHEDULED: Sum.WAITING,
    Status.HELD: Sum.WAITING,
    Status.REMINDER: Sum.WAITING,
    Status.CLAIMED: Sum.SENDING,
    Status.SUBMITTING: Sum.SENDING,
    Status.RETRY_WAIT: Sum.SENDING,
    Status.UNKNOWN: Sum.SENDING,
    Status.ACCEPTED: Sum.HANDED_OVER,
    Status.SENT: Sum.HANDED_OVER,
    Status.NO_REPORT: Sum.HANDED_OVER,
    Status.DONE: Sum.HANDED_OVER,
    Status.DELIVERED: Sum.DELIVERED,
    Status.READ: Sum.READ,
    Status.FAILED: Sum.FAILED,
    Status.UNDELIVERED: Sum.FAILED,
    Status.EXPIRED: Sum.FAILED,
    Status.UNCONFIRMED: Sum.COULD_NOT_CONFIRM,
    Status.SUPPRESSED: Sum.SKIPPED,
    Status.CANCELED: Sum.STOPPED,
}
"""The sum of a treated recipient by the status of the message, where the campaign goes on."""

TRANSIENT = (Answer.NO_CONNECTION, Answer.RATE_LIMITED, Answer.DEFERRED)
"""Answers that say nothing of the address: what failed with one of them may be sent again."""

Expression = sa.ColumnElement[Any]


class Sums(NamedTuple):
    """How many recipients are in each sum, and the skipped ones by reason."""

    by_sum: Mapping[Sum, int]
    skipped_by: Mapping[Skip, int]

    @property
    def recipients(self) -> int:
        return sum(self.by_sum.values())

    @property
    def to_come(self) -> int:
        return sum(self.by_sum[each] for each in TO_COME)

    @property
    def percent(self) -> int:
        """How much of what is to be sent is over."""
        treated = self.recipients - self.by_sum[Sum.HELD_OUT] - self.by_sum[Sum.SKIPPED]
        return 100 * (treated - self.to_come) // treated if treated else 100


def sum_of() -> Expression:
    """Return the expression of a recipient's `Sum`, of rows that `joined` made."""
    is_stopped = Campaign.state == State.STOPPED
    return sa.case(
        (CampaignRecipient.part == Part.HELD_OUT, Sum.HELD_OUT),
        (CampaignRecipient.skip.is_not(None), Sum.SKIPPED),
        (_was_skipped(), Sum.SKIPPED),
        (sa.and_(is_stopped, sa.or_(Message.id.is_(None), Message.status.in_(WAITING))), Sum.STOPPED),
        *((Message.status == status, found) for status, found in OF_STATUS.items()),
        else_=Sum.WAITING,
    )


def skip_of() -> Expression:
    """Return the expression of why a skipped recipient is; NULL for others."""
    return sa.case(
        (CampaignRecipient.part == Part.HELD_OUT, sa.null()),
        (CampaignRecipient.skip.is_not(None), sa.type_coerce(CampaignRecipient.skip, sa.String)),
        (sa.and_(_was_skipped(), Message.reason.startswith(HAD_ENOUGH)), Skip.OFTEN),
        (_was_skipped(), Skip.ARCHIVED),
        (Message.status == Status.SUPPRESSED, Skip.WITHDRAWN),
        else_=sa.null(),
    )


def joined(*columns: Any) -> sa.Select[Any]:
    statement = sa.select(*columns).select_from(CampaignRecipient)
    statement = statement.join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
    return statement.outerjoin(Message, Message.id == CampaignRecipient.message_id)


def sums_of(campaign_id: int) -> Sums:
    found, skip = sum_of().label("sum"), skip_of().label("skip")
    statement = joined(found, skip, sa.func.count().label("number"))
    statement = statement.where(CampaignRecipient.campaign_id == campaign_id).group_by(found, skip)
    by_sum, by_skip = dict.fromkeys(Sum, 0), dict.fromkeys(Skip, 0)
    for row in db.session.execute(statement, execution_options=ALL_BRANCHES):
        by_sum[Sum(row.sum)] += row.number
        if row.skip:
            by_skip[Skip(row.skip)] += row.number
    return Sums(by_sum, {skip: number for skip, number in by_skip.items() if number})


class Waiting(NamedTuple):
    """Messages that wait for room within WhatsApp's limit: how many, when the next one goes, and why."""

    number: int
    next_at: dt.datetime
    reason: str


def waiting_for_room(campaign: Campaign) -> Waiting | None:
    """Return what WhatsApp's limit holds back, None for nothing."""
    if campaign.state is not State.SENDING or not campaign.channel.has_approved_templates:
        return None
    columns = sa.func.count(), sa.func.min(Message.send_at), sa.func.min(Message.reason)
    held = Message.status == Status.HELD, Message.reason.startswith(BEGINNING)
    found = joined(*columns).where(CampaignRecipient.campaign_id == campaign.id, *held)
    number, next_at, reason = db.session.execute(found, execution_options=ALL_BRANCHES).one()
    return Waiting(number, next_at, shown(reason)) if number else None


def is_under_way(campaign: Campaign) -> bool:
    """Whether some message is not in a final state yet."""
    found = joined(CampaignRecipient.id).where(CampaignRecipient.campaign_id == campaign.id, sum_of().in_(TO_COME))
    return db.session.scalar(found.limit(1), execution_options=ALL_BRANCHES) is not None


def retryable(campaign: Campaign) -> sa.Select[int]:
    """Select the messages that failed for a reason that may be over: nobody was reached, or the time ran out."""
    last = aliased(Attempt)
    answer = sa.select(last.outcome).where(last.id == _last_id()).correlate(Message).scalar_subquery()
    is_transient = sa.or_(answer.in_(TRANSIENT), sa.and_(Message.status == Status.EXPIRED, answer.is_(None)))
    found = sa.select(Message.id).join(CampaignRecipient, CampaignRecipient.message_id == Message.id)
    is_failed = Message.status.in_(RESENDABLE - {Status.UNCONFIRMED})
    return found.where(CampaignRecipient.campaign_id == campaign.id, is_failed, is_transient).order_by(Message.id)


def last_code() -> Expression:
    """Return the provider's code of a message's last attempt."""
    last = aliased(Attempt)
    return sa.select(last.error_code).where(last.id == _last_id()).correlate(Message).scalar_subquery()


def _last_id() -> Expression:
    attempt = aliased(Attempt)
    found = sa.select(sa.func.max(attempt.id)).where(attempt.message_id == Message.id)
    return found.correlate(Message).scalar_subquery()


def _was_skipped() -> Expression:
    """Whether the send policy canceled it, or a merge did: there is a reason then, unlike what people cancel."""
    return sa.and_(Message.status == Status.CANCELED, Message.reason != "", Message.reason != STOPPED)


def count_retryable(campaign: Campaign) -> int:
    found = retryable(campaign).order_by(None).subquery()
    return db.session.scalars(sa.select(sa.func.count()).select_from(found), execution_options=ALL_BRANCHES).one()
