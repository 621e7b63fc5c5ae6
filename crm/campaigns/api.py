"""Campaigns in the JSON API."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from crm.accounts.access import find
from crm.api import paging
from crm.api.resource import Resource
from crm.api.schemas import page_of
from crm.campaigns import outcomes, queries, schemas, services
from crm.campaigns.models import Campaign
from crm.campaigns.result import result_of
from crm.campaigns.rules import State, Sum
from crm.campaigns.texts import wording_of
from crm.kernel.errors import FieldError
from crm.kernel.extensions import db
from crm.kernel.problems import InputProblem
from crm.message_templates.models import Template
from crm.messages.channels.registry import channel_named
from crm.segments.models import Segment
from crm.web.lists import Page

bp = Resource("campaigns", "Campaigns", 51)


@bp.get("/campaigns/")
@bp.arguments(schemas.CampaignQuery, location="query")
@bp.response(200, page_of(schemas.Campaign))
def index(query: dict[str, Any]) -> dict[str, Any]:
    """List the campaigns, the latest first."""
    state = query.get("state")
    return paging.numbered(queries.CampaignFilter(State(state) if state else None).statement(), query)


@bp.post("/campaigns/")
@bp.arguments(schemas.CampaignInput)
@bp.response(201, schemas.CampaignDetails)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Add a draft; nothing is sent before it is scheduled."""
    values = _columns(given)
    _check(values)
    return _details(services.add(values))


@bp.get("/campaigns/<id:campaign_id>/")
@bp.response(200, schemas.CampaignDetails)
def show(campaign_id: int) -> dict[str, Any]:
    """Read a campaign, with the sums of its recipients."""
    return _details(find(Campaign, campaign_id))


@bp.patch("/campaigns/<id:campaign_id>/")
@bp.arguments(schemas.CampaignChange)
@bp.response(200, schemas.CampaignDetails)
def change(given: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """Change a draft; any other campaign is a conflict."""
    campaign = find(Campaign, campaign_id)
    values = _columns(given)
    names = ("template_id", "subject", "body", "channel")
    _check({name: getattr(campaign, name) for name in names} | values)
    return _details(services.edit(campaign_id, values))


@bp.get("/campaigns/<id:campaign_id>/recipients/")
@bp.arguments(schemas.RecipientQuery, location="query")
@bp.response(200, page_of(schemas.Recipient))
def recipients(query: dict[str, Any], campaign_id: int) -> dict[str, Any]:
    """List the recipients of a campaign, and what became of each."""
    find(Campaign, campaign_id)
    wanted = queries.RecipientFilter(campaign_id, Sum(query["state"]) if query.get("state") else None)
    page, size = query["page"], query["page_size"]
    statement = queries.recipients(wanted)
    counted = sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())
    count = db.session.scalars(counted).one()
    rows = queries.rows_of(statement.offset(min((page - 1) * size, 2**62)).limit(size))
    return paging.by_number(Page(rows, page, page * size < count, count=count))


@bp.post("/campaigns/<id:campaign_id>/schedule/")
@bp.response(200, schemas.CampaignDetails)
def schedule(campaign_id: int) -> dict[str, Any]:
    """Let a draft start at its time, or now."""
    try:
        return _details(services.schedule(find(Campaign, campaign_id).id))
    except FieldError as error:
        raise InputProblem({error.field: [str(error)]}) from None


@bp.post("/campaigns/<id:campaign_id>/pause/")
@bp.response(200, schemas.CampaignDetails)
def pause(campaign_id: int) -> dict[str, Any]:
    """Hold what isn't with the provider yet."""
    return _details(services.pause(find(Campaign, campaign_id).id))


@bp.post("/campaigns/<id:campaign_id>/resume/")
@bp.response(200, schemas.CampaignDetails)
def resume(campaign_id: int) -> dict[str, Any]:
    """Go on with a paused campaign."""
    return _details(services.resume(find(Campaign, campaign_id).id))


@bp.post("/campaigns/<id:campaign_id>/stop/")
@bp.response(200, schemas.CampaignDetails)
def stop(campaign_id: int) -> dict[str, Any]:
    """End a campaign; what is with the provider already goes on."""
    return _details(services.stop(find(Campaign, campaign_id).id))


@bp.post("/campaigns/<id:campaign_id>/retry/")
@bp.response(200, schemas.CampaignDetails)
def retry(campaign_id: int) -> dict[str, Any]:
    """Send again what failed for a reason that may be over: the same messages to the same recipients."""
    services.retry(find(Campaign, campaign_id).id)
    return _details(find(Campaign, campaign_id))


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return the values by column; raises InputProblem."""
    values = {name: value for name, value in given.items() if name not in ("segment", "template")}
    if "segment" in given:
        if db.session.get(Segment, given["segment"]) is None:
            raise InputProblem({"segment": ["There is no segment with this id."]})
        values["segment_id"] = given["segment"]
    if "template" in given:
        template = db.session.get(Template, given["template"]) if given["template"] else None
        if given["template"] and (template is None or template.deleted_at is not None):
            raise InputProblem({"template": ["There is no template with this id."]})
        values["template_id"] = given["template"]
    if "channel" in given:
        values["channel"] = channel_named(given["channel"])
    return values


def _check(values: dict[str, Any]) -> None:
    """Raise InputProblem for a text that can't be sent."""
    if values.get("template_id") and values.get("body"):
        raise InputProblem({"template": ["Send a template or a body, not both."]})
    texts = {"subject": "", "body": "", "template_id": None} | values
    try:
        wording_of(Campaign(**{name: texts[name] for name in ("subject", "body", "template_id", "channel")}))
    except FieldError as error:
        raise InputProblem({error.field: [str(error)]}) from None


def _details(campaign: Campaign) -> dict[str, Any]:
    shown = {column.key: getattr(campaign, column.key) for column in sa.inspect(Campaign).column_attrs}
    sums = outcomes.sums_of(campaign.id)
    by_skip = {skip.value: number for skip, number in sums.skipped_by.items()}
    return shown | {"sums": schemas.as_json(sums), "skipped_by": by_skip, "result": _result(campaign)}


def _result(campaign: Campaign) -> dict[str, Any] | None:
    result = result_of(campaign)
    if result is None:
        return None
    found, means = result.found, result.found_spent
    ends = {"difference": found and found.value, "low": found and found.low, "high": found and found.high}
    names = ("spent_difference", "spent_low", "spent_high")
    spent = dict(zip(names, map(round, means), strict=True)) if means else dict.fromkeys(names)
    arms = {
        name: {"customers": arm.customers, "buyers": arm.buyers, "spent": arm.average}
        for name, arm in (("treated", result.treated), ("held_out", result.held_out))
    }
    return {**arms, "until": result.until, **ends, **spent}
