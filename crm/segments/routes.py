"""Pages of segments."""

from __future__ import annotations

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.kernel.errors import ConflictError, FieldError
from crm.kernel.idempotency import KeyReusedError
from crm.segments import queries, services
from crm.segments.audience import audience_of
from crm.segments.forms import RenamingForm, SegmentForm
from crm.segments.models import Segment
from crm.values.language import gettext as _
from crm.web.htmx import done, go_to, respond

bp = Blueprint("segments", __name__)


@bp.get("/segments")
def index() -> Response:
    page = queries.segments_page(request.args.get("page", 1, type=int))
    chips = {segment.id: audience_of(segment.query).chips() for segment in page.rows}
    return respond("segments/index.html", "segments/_list.html", page=page, chips=chips)


@bp.get("/segments/new")
def new() -> Response:
    """Ask for the name under which the query of the URL is saved."""
    words = [chip.value for chip in audience_of(request.args).chips()]
    return _window(SegmentForm(request.args, " · ".join(words)))


@bp.post("/segments")
def create() -> AnyResponse:
    form = SegmentForm(request.args.to_dict() | request.form.to_dict())
    if form.validate_on_submit():
        try:
            segment = services.add(form.name.data or "", form.query, form.request_key())
        except (FieldError, KeyReusedError) as error:
            field = error.field if isinstance(error, FieldError) else "name"
            form.refuse("name" if field == "query" else field, error)
        else:
            return go_to(url_for("segments.show", segment_id=segment.id))
    return _window(form)


@bp.get("/segments/<id:segment_id>")
def show(segment_id: int) -> Response:
    segment = find(Segment, segment_id)
    audience = audience_of(segment.query)
    return respond("segments/show.html", "segments/_segment.html", segment=segment, audience=audience)


@bp.route("/segments/<id:segment_id>/edit", methods=["GET", "POST"])
def edit(segment_id: int) -> AnyResponse:
    segment = find(Segment, segment_id)
    form = RenamingForm(segment)
    if form.validate_on_submit():
        try:
            segment = services.edit(segment_id, form.name.data or "")
        except FieldError as error:
            form.fail(error.field, str(error))
        else:
            location = url_for("segments.show", segment_id=segment_id)
            return done(_("%(name)s saved.", name=segment.name), location, "segments/saved.htmx.html")
    status = 422 if form.is_submitted() else 200
    return respond("segments/edit.html", "segments/_edit.html", status, form=form, segment=segment)


@bp.route("/segments/<id:segment_id>/delete", methods=["GET", "POST"])
def delete(segment_id: int) -> AnyResponse:
    segment, problem = find(Segment, segment_id), ""
    if request.method == "POST":
        try:
            name = services.delete(segment_id)
        except ConflictError as error:
            problem = str(error)
        else:
            ended, home = url_for("segments.show", segment_id=segment_id), url_for("segments.index")
            return done(_("%(name)s deleted.", name=name), home, "segments/saved.htmx.html", ended_page=ended)
    status = 422 if problem else 200
    return respond("segments/delete.html", "segments/_delete.html", status, segment=segment, problem=problem)


def _window(form: SegmentForm) -> Response:
    status = 422 if form.is_submitted() else 200
    return respond("segments/new.html", "segments/_form.html", status, form=form, audience=audience_of(form.query))
