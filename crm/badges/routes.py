"""Pages of badges."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.badges import queries, services
from crm.badges.forms import BadgeForm
from crm.badges.models import Badge
from crm.badges.queries import BadgeFilter
from crm.kernel.idempotency import KeyReusedError
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("badges", __name__)
bp.add_app_template_filter(queries.of_customer, "badges_of")


@bp.get("/badges")
def index() -> Response:
    found = queries.badges_page(BadgeFilter.from_args(request.args), request.args.get("page", 1, type=int))
    return respond("badges/index.html", "badges/_list.html", page=found.page, counts=found.counts, shown=queries.SHOWN)


@bp.route("/badges/new", methods=["GET", "POST"])
def new() -> AnyResponse:
    form = BadgeForm()
    if form.validate_on_submit():
        try:
            badge = services.add(form.values(), form.request_key())
        except KeyReusedError as error:
            form.refuse("name", error)
        else:
            return _saved(_("%(name)s added.", name=badge.name))
    return _window(form)


@bp.route("/badges/<id:badge_id>/edit", methods=["GET", "POST"])
def edit(badge_id: int) -> AnyResponse:
    form = BadgeForm(find(Badge, badge_id))
    if form.validate_on_submit():
        return _saved(_("%(name)s saved.", name=services.edit(badge_id, form.values()).name))
    return _window(form)


@bp.post("/badges/<id:badge_id>/archive")
def archive(badge_id: int) -> AnyResponse:
    badge = services.archive(find(Badge, badge_id).id)
    return _saved(_("%(name)s archived.", name=badge.name), undo=url_for("badges.restore", badge_id=badge_id))


@bp.post("/badges/<id:badge_id>/restore")
def restore(badge_id: int) -> AnyResponse:
    return _saved(_("%(name)s restored.", name=services.restore(find(Badge, badge_id).id).name))


def _window(form: BadgeForm) -> Response:
    status = 422 if form.is_submitted() else 200
    return respond("badges/form.html", "badges/_form.html", status, form=form, badge=form.badge)


def _saved(message: str, undo: str | None = None) -> AnyResponse:
    return done(message, url_for("badges.index"), "badges/saved.htmx.html", undo=undo)
