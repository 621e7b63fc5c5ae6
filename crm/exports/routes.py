"""Pages of exports."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from werkzeug.wrappers import Response

from crm.accounts.access import find, here
from crm.exports import queries, services
from crm.exports.formats import FORMATS, Format
from crm.exports.forms import ExportForm
from crm.exports.models import ExportRun
from crm.exports.rows import exports, packs
from crm.values.language import gettext as _
from crm.web.downloads import download
from crm.web.htmx import respond

bp = Blueprint("exports", __name__)


@bp.route("/exports", methods=["GET", "POST"])
def index() -> Response:
    form = ExportForm(request.args.to_dict() | request.form.to_dict(), what=request.args.get("what"))
    if form.validate_on_submit():
        run = services.create(form.what.data, Format(form.format.data), form.chosen_query)
        return _file(run) if run.key else redirect(url_for("exports.index"), 303)
    status, fragment = (422, "exports/_form.html") if form.is_submitted() else (200, "exports/_runs.html")
    named = {what: one.label for what, one in (exports() | packs()).items()}
    context = {"runs": queries.latest(), "formats": FORMATS, "named": named, "is_mine": _may_have}
    return respond("exports/index.html", fragment, status, form=form, **context)


@bp.get("/exports/<id:export_id>/file")
def file(export_id: int) -> Response:
    run = find(ExportRun, export_id)
    if not _may_have(run):
        abort(404)
    if not run.key:
        abort(404, _("This file was removed after a day. Export once more."))
    return _file(run)


def _may_have(run: ExportRun) -> bool:
    """Whether the reader may have the file: a pack is for who asked for it, which customers they see is theirs."""
    return run.what not in packs() or run.user_id == here().user.id


def _file(run: ExportRun) -> Response:
    return download(run.key or "", run.filename, FORMATS[run.format].mimetype)
