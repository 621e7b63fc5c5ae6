"""Leads: the list, one of them, and what may be done with it."""

from __future__ import annotations

from typing import Any

from flask import abort, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.kernel.idempotency import KeyReusedError
from crm.kernel.manifest import catalog
from crm.leads import lists, services
from crm.leads.forms import LeadForm, LostForm
from crm.leads.models import Lead, LeadStatus
from crm.leads.queries import SHOWN_BESIDE
from crm.leads.routes.blueprint import bp, changed, parts_of
from crm.leads.timeline import timeline_of
from crm.values import clock
from crm.values.language import gettext as _
from crm.web.forms import Form
from crm.web.htmx import respond
from crm.web.ids import id_in


@bp.get("/leads")
def index() -> Response:
    wanted = lists.LeadFilter.from_args(request.args)
    conditions = wanted.searched_once()
    shown: dict[str, Any] = {"tabs": lists.tabs_of(wanted, conditions), "now": clock.utcnow()}
    if wanted.is_board:
        return respond("leads/index.html", "leads/_board.html", filter=wanted, columns=lists.board(conditions), **shown)
    page = lists.page_of_leads(wanted, conditions, request.args.get("page", 1, type=int))
    shown["has_any"] = bool(page.rows) or lists.has_any()
    shown["shown"] = tuple(lead.shown(shown["now"]) for lead in page.rows)
    return respond("leads/index.html", "leads/_list.html", filter=wanted, page=page, **shown)


@bp.route("/leads/new", methods=["GET", "POST"])
def new() -> Response:
    form = LeadForm(name=request.args.get("name"), contact_number=request.args.get("contact_number"))
    if form.validate_on_submit():
        try:
            lead = services.create_lead(form.values(), form.request_key())
        except KeyReusedError as error:
            form.explain(error)
        else:
            return changed(_("%(name)s added.", name=lead.name), lead.id)
    return respond("leads/new.html", "leads/_form.html", _status(form), form=form, lead=None)


@bp.get("/leads/<id:lead_id>")
def show(lead_id: int) -> Response:
    lead = find(Lead, lead_id, *SHOWN_BESIDE)
    sections = [(section, section.load(lead)) for section in catalog().lead_panels]
    return respond(
        "leads/show.html", "leads/_lead.html", sections=sections, timeline=timeline_of(lead), **parts_of(lead)
    )


@bp.get("/leads/<id:lead_id>/timeline")
def timeline(lead_id: int) -> Response:
    lead = find(Lead, lead_id)
    found = timeline_of(lead, before=id_in(request.args.get("before")))
    context: dict[str, Any] = {"lead": lead, "timeline": found, "shown": request.args.get("day")}
    return respond("leads/timeline.html", "customers/_timeline.html", **context)


@bp.route("/leads/<id:lead_id>/edit", methods=["GET", "POST"])
def edit(lead_id: int) -> Response:
    lead = find(Lead, lead_id)
    form = LeadForm(lead)
    if form.validate_on_submit():
        lead = services.edit_lead(lead_id, form.values())
        return changed(_("%(name)s saved.", name=lead.name), lead_id)
    return respond("leads/edit.html", "leads/_form.html", _status(form), form=form, lead=lead)


@bp.post("/leads/<id:lead_id>/convert")
def convert(lead_id: int) -> Response:
    lead = services.convert_lead(find(Lead, lead_id).id)
    undo = url_for("leads.undo_convert", lead_id=lead_id)
    return changed(_("%(name)s marked as won.", name=lead.name), lead_id, undo=undo)


@bp.post("/leads/<id:lead_id>/convert/delete")
def undo_convert(lead_id: int) -> Response:
    lead = services.reopen_lead(find(Lead, lead_id).id)
    return changed(_("%(name)s reopened.", name=lead.name), lead_id)


@bp.post("/leads/<id:lead_id>/status")
def move(lead_id: int) -> Response:
    """Move a lead on the board; the link of Undo has the status in its query."""
    lead = find(Lead, lead_id)
    before, wanted = lead.state, next((one for one in LeadStatus if one == request.values.get("status")), None)
    if wanted is None:
        abort(422, _("Choose where to move the lead."))
    lead = services.move_lead(lead_id, wanted)
    undo = None if before in (wanted, LeadStatus.LOST) else url_for("leads.move", lead_id=lead_id, status=before.value)
    text = _("%(name)s moved to %(status)s.", name=lead.name, status=wanted.label)
    return changed(text, lead_id, undo=undo, back=True)


@bp.route("/leads/<id:lead_id>/lost", methods=["GET", "POST"])
def lose(lead_id: int) -> Response:
    lead = find(Lead, lead_id)
    form = LostForm(data={"lost_reason": lead.lost_reason})
    if form.validate_on_submit():
        services.lose_lead(lead_id, form.lost_reason.data)
        text = _("%(name)s marked as lost.", name=lead.name)
        return changed(text, lead_id, undo=url_for("leads.undo_lose", lead_id=lead_id))
    return respond("leads/lost.html", "leads/_lost.html", _status(form), form=form, lead=lead)


@bp.post("/leads/<id:lead_id>/lost/delete")
def undo_lose(lead_id: int) -> Response:
    lead = services.reopen_lead(find(Lead, lead_id).id)
    return changed(_("%(name)s reopened.", name=lead.name), lead_id)


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
