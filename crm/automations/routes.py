"""Pages of automations."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.automations import queries, services
from crm.automations.forms import AutomationForm
from crm.automations.models import Automation
from crm.kernel.idempotency import KeyReusedError
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("automations", __name__)


@bp.get("/automations")
def index() -> Response:
    page = queries.automations_page(request.args.get("page", 1, type=int))
    return respond("automations/index.html", "automations/_list.html", page=page, given=queries.given(page.rows))


@bp.route("/automations/new", methods=["GET", "POST"])
def new() -> AnyResponse:
    form = AutomationForm()
    if form.validate_on_submit():
        try:
            services.add(form.values(), form.request_key())
        except KeyReusedError as error:
            form.refuse("occasion", error)
        else:
            return _saved(_("Automation added."))
    return _window(form, None)


@bp.route("/automations/<id:automation_id>/edit", methods=["GET", "POST"])
def edit(automation_id: int) -> AnyResponse:
    automation = find(Automation, automation_id)
    form = AutomationForm(automation)
    if form.validate_on_submit():
        services.edit(automation_id, form.values())
        return _saved(_("Automation saved."))
    return _window(form, automation)


@bp.post("/automations/<id:automation_id>/stop")
def stop(automation_id: int) -> AnyResponse:
    services.stop(find(Automation, automation_id).id)
    return _saved(_("Automation stopped."), undo=url_for("automations.resume", automation_id=automation_id))


@bp.post("/automations/<id:automation_id>/resume")
def resume(automation_id: int) -> AnyResponse:
    services.resume(find(Automation, automation_id).id)
    return _saved(_("Automation resumed."))


def _window(form: AutomationForm, automation: Automation | None) -> Response:
    status = 422 if form.is_submitted() else 200
    return respond("automations/form.html", "automations/_form.html", status, form=form, automation=automation)


def _saved(message: str, undo: str | None = None) -> AnyResponse:
    return done(message, url_for("automations.index"), "automations/saved.htmx.html", undo=undo)
