"""Pages of campaigns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.campaigns import outcomes, queries, services
from crm.campaigns.forms import CampaignForm
from crm.campaigns.models import Campaign
from crm.campaigns.preview import preview_of
from crm.campaigns.result import result_of
from crm.campaigns.rules import State, Sum
from crm.campaigns.whom import whom
from crm.customers.bulk_forms import BulkFormError, read_selection
from crm.kernel.errors import ConflictError, FieldError, SentenceError
from crm.kernel.idempotency import KeyReusedError
from crm.values.language import gettext as _
from crm.values.language import ngettext
from crm.web.filters import number
from crm.web.htmx import done, go_to, respond, wants_fragment

bp = Blueprint("campaigns", __name__)


@bp.get("/campaigns")
def index() -> Response:
    wanted = queries.CampaignFilter.from_args(request.args)
    page = queries.campaigns_page(wanted, request.args.get("page", 1, type=int))
    context: dict[str, Any] = {"names": queries.segment_names(page.rows), "counts": queries.count_recipients(page.rows)}
    return respond("campaigns/index.html", "campaigns/_list.html", page=page, states=list(State), **context)


@bp.route("/campaigns/new", methods=["GET", "POST"])
def new() -> AnyResponse:
    form = CampaignForm(segment=request.args.get("segment", ""), channel="sms")
    if form.validate_on_submit():
        try:
            campaign = services.add(form.values(), form.request_key())
        except KeyReusedError as error:
            form.refuse("name", error)
        else:
            return go_to(url_for("campaigns.show", campaign_id=campaign.id))
    return _window(form, None)


@bp.post("/campaigns/write")
def write() -> AnyResponse:
    """Begin a draft to the selected customers of the list, whose query is the URL's."""
    try:
        campaign = services.add_for(read_selection(request.form, request.args))
    except (BulkFormError, SentenceError) as error:
        if wants_fragment():
            flash(str(error), "error")
        return respond("customers/bulk_problem.html", "customers/_bulk_problem.html", 422, sentence=str(error))
    return go_to(url_for("campaigns.edit", campaign_id=campaign.id))


@bp.get("/campaigns/<id:campaign_id>")
def show(campaign_id: int) -> Response:
    return _show(find(Campaign, campaign_id))


@bp.route("/campaigns/<id:campaign_id>/edit", methods=["GET", "POST"])
def edit(campaign_id: int) -> AnyResponse:
    campaign = find(Campaign, campaign_id)
    form = CampaignForm(campaign)
    if form.validate_on_submit():
        try:
            services.edit(campaign_id, form.values())
        except ConflictError as error:
            form.form_errors.append(str(error))
        else:
            return go_to(url_for("campaigns.show", campaign_id=campaign_id))
    return _window(form, campaign)


@bp.route("/campaigns/<id:campaign_id>/delete", methods=["GET", "POST"])
def delete(campaign_id: int) -> AnyResponse:
    campaign = find(Campaign, campaign_id)
    if request.method == "GET":
        return respond("campaigns/delete.html", "campaigns/_delete.html", campaign=campaign)
    try:
        name = services.delete(campaign_id)
    except ConflictError as error:
        return _show(find(Campaign, campaign_id), str(error), 409)
    page, home = url_for("campaigns.show", campaign_id=campaign_id), url_for("campaigns.index")
    return done(_("%(name)s deleted.", name=name), home, "campaigns/saved.htmx.html", ended_page=page)


@bp.get("/campaigns/<id:campaign_id>/recipients")
def recipients(campaign_id: int) -> Response:
    campaign = find(Campaign, campaign_id)
    wanted = queries.RecipientFilter.from_args(campaign_id, request.args)
    page = queries.recipients_page(wanted, request.args.get("page", 1, type=int))
    context: dict[str, Any] = {
        "campaign": campaign,
        "page": page,
        "sums": outcomes.sums_of(campaign_id),
        "parts": list(Sum),
    }
    return respond("campaigns/recipients.html", "campaigns/_recipients.html", **context)


@bp.post("/campaigns/<id:campaign_id>/schedule")
def schedule(campaign_id: int) -> AnyResponse:
    return _turn(campaign_id, services.schedule, _("Scheduled."))


@bp.post("/campaigns/<id:campaign_id>/schedule/delete")
def unschedule(campaign_id: int) -> AnyResponse:
    return _turn(campaign_id, services.unschedule, _("It is a draft again."))


@bp.post("/campaigns/<id:campaign_id>/pause")
def pause(campaign_id: int) -> AnyResponse:
    return _turn(campaign_id, services.pause, _("Paused. What is with the provider already goes on."))


@bp.post("/campaigns/<id:campaign_id>/resume")
def resume(campaign_id: int) -> AnyResponse:
    return _turn(campaign_id, services.resume, _("Going on."))


@bp.get("/campaigns/<id:campaign_id>/stop", endpoint="ask_stop")
def ask_before_stop(campaign_id: int) -> Response:
    campaign = find(Campaign, campaign_id)
    sums = outcomes.sums_of(campaign_id)
    return respond("campaigns/stop.html", "campaigns/_stop.html", campaign=campaign, sums=sums)


@bp.post("/campaigns/<id:campaign_id>/stop")
def stop(campaign_id: int) -> AnyResponse:
    return _turn(campaign_id, services.stop, _("Stopped. What is with the provider already goes on."))


@bp.post("/campaigns/<id:campaign_id>/retry")
def retry(campaign_id: int) -> AnyResponse:
    find(Campaign, campaign_id)
    try:
        count = services.retry(campaign_id)
    except ConflictError as error:
        return _show(find(Campaign, campaign_id), str(error), 409)
    told = ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", count, num=number(count))
    flash(told if count else _("Nothing failed for a reason that may be over."), "success" if count else "warning")
    return go_to(url_for("campaigns.show", campaign_id=campaign_id))


def _turn(campaign_id: int, verb: Callable[[int], object], told: str) -> AnyResponse:
    find(Campaign, campaign_id)
    try:
        verb(campaign_id)
    except SentenceError as error:
        return _show(find(Campaign, campaign_id), str(error), 422 if isinstance(error, FieldError) else 409)
    flash(told, "success")
    return go_to(url_for("campaigns.show", campaign_id=campaign_id))


def _show(campaign: Campaign, problem: str = "", status: int = 200) -> Response:
    context: dict[str, Any] = {"campaign": campaign, "problem": problem, "whom": whom(campaign), "Sum": Sum}
    if campaign.has_started:
        sums = outcomes.sums_of(campaign.id)
        context |= {"sums": sums, "result": result_of(campaign), "retryable": outcomes.count_retryable(campaign)}
        context |= {"waiting": outcomes.waiting_for_room(campaign)}
    else:
        context |= {"preview": preview_of(campaign)}
    return respond("campaigns/show.html", "campaigns/_campaign.html", status, **context)


def _window(form: CampaignForm, campaign: Campaign | None) -> Response:
    status = 422 if form.is_submitted() else 200
    return respond("campaigns/form.html", "campaigns/_form.html", status, form=form, campaign=campaign)
