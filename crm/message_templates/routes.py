"""The templates of the organization, among its settings."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find
from crm.kernel.errors import SentenceError
from crm.message_templates import queries, services
from crm.message_templates.forms import TemplateForm
from crm.message_templates.models import Template
from crm.message_templates.rules import FIELDS
from crm.values.language import gettext as _
from crm.web.htmx import done, respond
from crm.web.ids import id_in

bp = Blueprint("message_templates", __name__)


@bp.get("/settings/templates")
def index() -> Response:
    return respond("message_templates/index.html", "message_templates/_templates.html", templates=queries.templates())


@bp.get("/settings/templates/new")
def new() -> Response:
    """Add a template, or another version of the one whose id is `version_of`."""
    template_id = id_in(request.args.get("version_of"))
    return _window(TemplateForm(like=_find(template_id) if template_id else None))


@bp.post("/settings/templates")
def add() -> Response:
    form = TemplateForm()
    if "preview" in request.form:
        return _window(form)
    if not form.validate():
        return _window(form, status=422)
    try:
        services.add_template(form.values(), form.request_key())
    except SentenceError as error:
        form.refuse("name", error)
        return _window(form, status=422)
    return _done(_("%(name)s added.", name=form.name.data))


@bp.route("/settings/templates/<id:template_id>/edit", methods=["GET", "POST"])
def edit(template_id: int) -> Response:
    form = TemplateForm(_find(template_id))
    if not form.is_submitted() or "preview" in request.form:
        return _window(form)
    if not form.validate():
        return _window(form, status=422)
    try:
        services.change_template(template_id, form.values())
    except services.TemplateNameTakenError as error:
        form.refuse("name", error)
        return _window(form, status=422)
    return _done(_("%(name)s saved.", name=form.name.data))


@bp.post("/settings/templates/preview")
def preview() -> str:
    return render_template("message_templates/_preview.html", preview=TemplateForm().preview())


@bp.post("/settings/templates/<id:template_id>/delete")
def delete(template_id: int) -> Response:
    """Delete a template; what is scheduled with it goes out."""
    name = services.delete_template(find(Template, template_id).id)
    return _done(_("%(name)s deleted.", name=name), undo=url_for("message_templates.undelete", template_id=template_id))


@bp.post("/settings/templates/<id:template_id>/delete/undo")
def undelete(template_id: int) -> Response:
    name = services.undelete_template(find(Template, template_id).id)
    return _done(_("%(name)s restored.", name=name))


def _find(template_id: int) -> Template:
    template = find(Template, template_id)
    if template.deleted_at is not None:
        abort(404)
    return template


def _window(form: TemplateForm, status: int = 200) -> Response:
    return respond(
        "message_templates/form.html",
        "message_templates/_form.html",
        status,
        form=form,
        template=form.template,
        fields=FIELDS,
        preview=form.preview(),
    )


def _done(message: str, undo: str | None = None) -> Response:
    return done(
        message,
        url_for("message_templates.index"),
        "message_templates/changed.htmx.html",
        undo=undo,
        templates=queries.templates(),
    )
