"""What people do with campaigns: each function is one intent and one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from crm.accounts.queries import current_organization
from crm.campaigns import outcomes
from crm.campaigns.models import Campaign, CampaignRecipient
from crm.campaigns.rules import MAX_NAME, State
from crm.campaigns.texts import wording_of
from crm.campaigns.turns import KIND, lock
from crm.campaigns.whom import Condition, whom
from crm.consents.reach import Reach, count_reach
from crm.customers.filters import Selection
from crm.customers.models import Customer
from crm.kernel import queue
from crm.kernel.branch_scope import all_branches, bound_branch
from crm.kernel.columns import db_now, one_of
from crm.kernel.db import database_now, transaction
from crm.kernel.errors import ConflictError, FieldError
from crm.kernel.events import changes_of, record
from crm.kernel.extensions import db
from crm.kernel.idempotency import Once, RequestKey
from crm.kernel.tenancy import current_actor, require_organization
from crm.kernel.work import due
from crm.messages import bulk
from crm.messages.channels.base import Channel
from crm.messages.channels.registry import all_channels
from crm.messages.checks import RefusedError, check_time
from crm.segments.audience import audience_of, stored
from crm.segments.services import find_or_add
from crm.values import clock
from crm.values.language import gettext as _
from crm.values.language import ngettext

AT_ONCE = 1_000
MOST_CHOSEN = 5_000
"""Customers that a campaign names one by one; more are a segment."""


def add(values: dict[str, Any], key: RequestKey | None = None) -> Campaign:
    """Add a draft; raises KeyReusedError."""
    with transaction() as session:
        once = Once(key)
        if once.earlier is not None:
            return once.found(Campaign)
        campaign = Campaign(**values, branch_id=bound_branch(), created_by_id=current_actor())
        session.add(campaign)
        session.flush()
        once.made(campaign.id)
        record("campaign.added", campaign, changes={"name": [None, campaign.name]})
        return campaign


def add_for(selection: Selection) -> Campaign:
    """Add a draft to the selected customers of the list; raises ConflictError for too many chosen one by one."""
    with transaction():
        if len(selection.ids) > MOST_CHOSEN:
            raise ConflictError(_("Too many were chosen one by one. Filter the list, then choose all of it."))
        if selection.filters is None:
            ids = list(selection.ids)
            name = ngettext("%(num)s customer", "%(num)s customers", len(ids), num=len(ids))
            return add({**_begin(name, [one_of(Customer.id, ids)]), "customer_ids": ids})
        query = stored(selection.filters.stored())
        audience = audience_of(query)
        name = " · ".join(chip.value for chip in audience.chips()) or _("Everyone")
        begun = _begin(name, audience.conditions())
        if selection.excluded:
            return add({**begun, "query": query, "excluded": sorted(selection.excluded)})
        return add({**begun, "segment_id": find_or_add(name, query).id})


def edit(campaign_id: int, values: dict[str, Any]) -> Campaign:
    """Change a draft; raises ConflictError for any other."""
    with transaction():
        campaign = _lock(campaign_id)
        campaign.ensure_editable()
        if values.get("segment_id") is not None:
            values = {**values, "customer_ids": [], "query": None, "excluded": []}
        for name, value in values.items():
            setattr(campaign, name, value)
        changes = changes_of(campaign)
        if changes:
            campaign.updated_at = db_now()
            told = {name: change for name, change in changes.items() if name in ("name", "channel", "segment_id")}
            record("campaign.edited", campaign, changes=told)
        return campaign


def delete(campaign_id: int) -> str:
    """Delete a draft and return its name; raises ConflictError for any other."""
    with transaction() as session:
        campaign = _lock(campaign_id)
        campaign.ensure_editable()
        name = campaign.name
        record("campaign.deleted", campaign, changes={"name": [name, None]})
        session.delete(campaign)
        return name


def schedule(campaign_id: int) -> Campaign:
    """Let a draft start at its time, or now; raises FieldError for what is missing, ConflictError for no draft."""
    with transaction():
        campaign, now = _lock(campaign_id), database_now()
        send_at = campaign.send_at or now
        campaign.schedule(max(send_at, now))
        problem = whom(campaign).problem
        if problem:
            raise FieldError("segment", problem)
        wording_of(campaign)
        try:
            check_time(send_at, now)
        except RefusedError as error:
            raise FieldError("send_at", str(error)) from None
        return _changed(campaign, "campaign.scheduled", campaign.send_at)


def unschedule(campaign_id: int) -> Campaign:
    """Make a scheduled one a draft again; raises ConflictError for one that has started."""
    with transaction():
        campaign = _lock(campaign_id)
        if campaign.state is not State.DRAFT:
            if campaign.state is not State.SCHEDULED:
                raise ConflictError(_("This campaign has started. Pause it, or stop it."))
            campaign.send_back("")
            _changed(campaign, "campaign.unscheduled", None)
        return campaign


def pause(campaign_id: int) -> Campaign:
    """Hold what isn't with the provider yet; raises ConflictError for one that isn't being sent."""
    with transaction():
        campaign = _lock(campaign_id)
        return _changed(campaign, "campaign.paused", None) if campaign.pause() else campaign


def resume(campaign_id: int) -> Campaign:
    """Go on; raises ConflictError for one that isn't paused."""
    with transaction():
        campaign, now = _lock(campaign_id), database_now()
        return _changed(campaign, "campaign.resumed", now) if campaign.resume(now) else campaign


def stop(campaign_id: int) -> Campaign:
    """End a campaign: what isn't with the provider is never sent; raises ConflictError for one that is done."""
    with transaction():
        campaign, now = _lock(campaign_id), database_now()
        if not campaign.stop(now):
            return campaign
        return _changed(campaign, "campaign.stopped", now if campaign.started_at else None)


def retry(campaign_id: int) -> int:
    """Send again what failed for a reason that may be over; return how many messages that is.

    Raises ConflictError for a campaign that was stopped, or hasn't started.
    """
    with transaction():
        campaign, now, count = _lock(campaign_id), database_now(), 0
        campaign.ensure_retryable()
        with all_branches():
            while sent := bulk.send_again(db.session.scalars(outcomes.retryable(campaign).limit(AT_ONCE)).all(), now):
                count += sent
        if count:
            campaign.go_on()
            _changed(campaign, "campaign.retried", None if campaign.state is State.PAUSED else now)
        return count


def go_on_with(message_ids: Sequence[int]) -> None:
    """Go on with campaigns that were done, for some of their messages are sent again later."""
    of_them = sa.select(CampaignRecipient.campaign_id).join(Campaign, Campaign.id == CampaignRecipient.campaign_id)
    of_them = of_them.where(one_of(CampaignRecipient.message_id, message_ids), Campaign.state == State.DONE)
    ids = db.session.scalars(of_them.distinct(), execution_options=outcomes.ALL_BRANCHES).all()
    for campaign_id in sorted(ids):
        with transaction():
            campaign = _lock(campaign_id)
            if campaign.state is State.DONE:
                campaign.go_on()
                _changed(campaign, "campaign.retried", database_now())


def _begin(name: str, conditions: list[Condition]) -> dict[str, Any]:
    """Return the beginning of a draft: a name, and the channel by which most can be reached."""
    organization = current_organization()
    day = clock.to_local(clock.utcnow(), clock.zone(organization.time_zone)).date()
    full = f"{name} · {clock.say_day(day, organization.locale)}"
    return {"name": full[:MAX_NAME], "channel": best_channel(conditions)}


def best_channel(conditions: list[Condition]) -> Channel:
    counts = {channel: count_reach(channel, conditions)[Reach.REACHABLE] for channel in all_channels()}
    return max(all_channels(), key=lambda channel: counts[channel])


def _lock(campaign_id: int) -> Campaign:
    due.lock(KIND, [campaign_id])
    return lock(campaign_id)


def _changed(campaign: Campaign, action: str, turn_at: dt.datetime | None) -> Campaign:
    """Record a change of state, and when the worker has its next turn."""
    campaign.updated_at = db_now()
    record(action, campaign)
    due.plan(KIND, {campaign.id: turn_at})
    if turn_at is not None:
        queue.enqueue("crm.campaigns.jobs.go_on_campaign", require_organization())
    return campaign
