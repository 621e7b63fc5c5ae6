"""What the worker does with a campaign, a turn at a time: start it, make its messages, and see when it is done.

Each turn is a transaction that holds the campaign's row and says when the next one is. A crash loses a turn, never a
recipient: a message is made in the transaction that gives it to its recipient.
"""

from __future__ import annotations

import datetime as dt
import logging

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.campaigns import outcomes
from crm.campaigns.freeze import freeze
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import LATEST_START, State
from crm.campaigns.sending import BLOCK, make_block
from crm.campaigns.texts import TextError, wording_of
from crm.campaigns.whom import whom
from crm.kernel.branch_scope import all_branches
from crm.kernel.columns import db_now
from crm.kernel.db import database_now, locked
from crm.kernel.events import record
from crm.kernel.extensions import db
from crm.kernel.fail_points import committing
from crm.kernel.garbage import nothing_thrown_away
from crm.kernel.tenancy import use_organization
from crm.kernel.work import due
from crm.messages import bulk
from crm.messages.models import Message
from crm.messages.rules import WAITING, Status
from crm.values import clock
from crm.values.language import N_
from crm.values.stored import stored

log = logging.getLogger(__name__)

KIND = "campaign"
LOOK_EVERY = dt.timedelta(seconds=2)
LOOK_SELDOM = dt.timedelta(seconds=30)
"""Between two looks at one whose messages are under way, at first and after a while."""
PUT_OFF = dt.timedelta(minutes=5)
AT_ONCE = 1_000
"""Messages released or canceled in a turn."""

MISSED = stored(N_("Its time, %(when)s, passed without it being started. Schedule it again if it is still right."))
NOT_STARTED = stored(N_("It could not start: %(problem)s"))
TEMPLATE_PAUSED = N_("WhatsApp paused the template. Look it up at WhatsApp, then resume.")
PAUSED_TEMPLATE_CODES = ("132015", "132016")
"""Source: WhatsApp Cloud API, error codes."""


def go_on_in(organization_id: int) -> bool:
    """Do a turn of the organization's longest waiting campaign; False if none is due.

    One whose turn fails is put off, so that the others go on.
    """
    with use_organization(organization_id):
        campaign = _find_due()
    if campaign is None:
        return False
    with use_organization(organization_id, campaign.created_by_id, campaign.branch_id):
        take_turn(campaign.id)
    return True


def take_turn(campaign_id: int) -> None:
    with nothing_thrown_away(), committing(KIND):
        if campaign_id not in due.lock(KIND, [campaign_id]):
            return
        campaign = lock(campaign_id)
        now = database_now()
        try:
            with db.session.begin_nested():
                next_ = _turn(campaign, now)
        except Exception:
            log.exception("campaign %d: put off", campaign_id)
            next_ = now + PUT_OFF
        due.plan(KIND, {campaign_id: next_})
        campaign.updated_at = db_now()


def lock(campaign_id: int) -> Campaign:
    return db.session.scalars(locked(sa.select(Campaign).where(Campaign.id == campaign_id))).one()


def _find_due() -> Campaign | None:
    statement = sa.select(Campaign).join(due.DueWork, due.DueWork.subject_id == Campaign.id)
    statement = statement.where(due.DueWork.kind == KIND, due.DueWork.due_at <= db_now())
    return db.session.scalars(statement.order_by(due.DueWork.due_at).limit(1)).first()


def _turn(campaign: Campaign, now: dt.datetime) -> dt.datetime | None:
    """Return when the next turn is, None for never.

    Whoever made it may see one branch only: that decides whom it goes to, and they stay when they move to another.
    """
    if campaign.state is State.SCHEDULED:
        return _start(campaign, now)
    with all_branches():
        if campaign.state is State.SENDING:
            return _send(campaign, now)
        if campaign.state is State.STOPPED and _cancel(campaign):
            return now
    return None


def _start(campaign: Campaign, now: dt.datetime) -> dt.datetime | None:
    send_at = campaign.send_at or now
    if send_at > now:
        return send_at
    if now - send_at > LATEST_START:
        return _send_back(
            campaign, MISSED.english(when=clock.iso(send_at, clock.zone(current_organization().time_zone)))
        )
    audience = whom(campaign)
    try:
        wording = wording_of(campaign)
    except TextError as error:
        return _send_back(campaign, NOT_STARTED.english(problem=str(error)))
    if audience.problem:
        return _send_back(campaign, NOT_STARTED.english(problem=audience.problem))
    freeze(campaign, audience.conditions)
    campaign.start(wording, now)
    record("campaign.started", campaign)
    return now


def _send_back(campaign: Campaign, reason: str) -> dt.datetime | None:
    campaign.send_back(reason)
    record("campaign.sent_back", campaign, changes={"reason": [None, campaign.reason]})
    return None


def _send(campaign: Campaign, now: dt.datetime) -> dt.datetime | None:
    if make_block(campaign, now) == BLOCK:
        return now
    if _release(campaign):
        return now
    if _template_is_paused(campaign):
        campaign.pause(TEMPLATE_PAUSED)
        record("campaign.paused", campaign, changes={"reason": [None, campaign.reason]})
        return None
    if outcomes.is_under_way(campaign):
        return now + (LOOK_EVERY if now - (campaign.started_at or now) < dt.timedelta(minutes=10) else LOOK_SELDOM)
    campaign.finish(now)
    record("campaign.done", campaign)
    return None


def _release(campaign: Campaign) -> int:
    """Let messages go that waited while the campaign was paused."""
    ids = _messages(campaign, Message.status == Status.HELD, Message.reason == outcomes.PAUSED).limit(AT_ONCE)
    return bulk.release(db.session.scalars(ids).all())


def _cancel(campaign: Campaign) -> int:
    """Cancel messages of a stopped campaign that wait; those that go out now are asked by the send policy."""
    ids = _messages(campaign, Message.status.in_(WAITING)).limit(AT_ONCE)
    return bulk.cancel(db.session.scalars(ids).all())


def _template_is_paused(campaign: Campaign) -> bool:
    if not campaign.channel.has_approved_templates:
        return False
    refused = _messages(campaign, Message.status == Status.FAILED).where(
        outcomes.last_code().in_(PAUSED_TEMPLATE_CODES)
    )
    since = campaign.resumed_at or campaign.started_at
    return db.session.scalar(refused.where(Message.status_at > since).limit(1)) is not None


def _messages(campaign: Campaign, *conditions: sa.ColumnElement[bool]) -> sa.Select[int]:
    joined = sa.select(Message.id).join(CampaignRecipient, CampaignRecipient.message_id == Message.id)
    return joined.where(CampaignRecipient.campaign_id == campaign.id, *conditions).order_by(Message.id)
