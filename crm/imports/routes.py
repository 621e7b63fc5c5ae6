"""Pages of imports."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts.access import find
from crm.imports import queries, services
from crm.imports.failed import as_csv
from crm.imports.forms import MappingForm, ReadingForm, RowForm, UploadForm, row_choice
from crm.imports.limits import MAX_REQUEST
from crm.imports.models import Import, ImportRow
from crm.imports.pages import ImportPage
from crm.imports.reading import sentences
from crm.kernel.errors import SentenceError
from crm.values.language import gettext as _
from crm.web.forms import Form
from crm.web.htmx import done, go_to, respond
from crm.web.ids import id_in
from crm.web.uploads import takes_files

bp = Blueprint("imports", __name__)


@bp.get("/imports")
def index() -> Response:
    listed = queries.latest(id_in(request.args.get("before")))
    return respond("imports/index.html", "imports/_list.html", listed=listed)


@bp.route("/imports/new", methods=["GET", "POST"])
@takes_files(MAX_REQUEST, sentences.TOO_BIG.text)
def new() -> AnyResponse:
    form = UploadForm()
    if form.validate_on_submit():
        try:
            file = form.file.data
            row = services.create(file.filename, file.stream, form.options, form.request_key())
        except SentenceError as error:
            form.refuse("file", error)
        else:
            return go_to(url_for("imports.show", import_id=row.id))
    return respond("imports/new.html", "imports/_form.html", _status(form), form=form)


@bp.get("/imports/<id:import_id>")
def show(import_id: int) -> Response:
    row = find(Import, import_id)
    return _show(row, MappingForm(row), ReadingForm(row))


@bp.post("/imports/<id:import_id>/mapping")
def map_columns(import_id: int) -> AnyResponse:
    row = find(Import, import_id)
    form = MappingForm(row, is_sent=True)
    if not form.validate():
        return _show(row, form, ReadingForm(row))
    services.map_columns(import_id, form.columns, form.options, form.date_orders)
    return go_to(url_for("imports.show", import_id=import_id))


@bp.post("/imports/<id:import_id>/reading")
def read_anew(import_id: int) -> AnyResponse:
    row = find(Import, import_id)
    form = ReadingForm(row, is_sent=True)
    if not form.validate():
        return _show(row, MappingForm(row), form)
    services.choose(import_id, form.choices)
    return go_to(url_for("imports.show", import_id=import_id))


@bp.get("/imports/<id:import_id>/rows")
def rows(import_id: int) -> Response:
    row = find(Import, import_id)
    page = ImportPage(row, request.args.get("verdict", ""), id_in(request.args.get("after")) or 0)
    return respond("imports/rows.html", "imports/_rows.html", row=row, page=page)


@bp.route("/imports/<id:import_id>/rows/<id:row_id>", methods=["GET", "POST"])
def edit_row(import_id: int, row_id: int) -> AnyResponse:
    row, found = find(Import, import_id), _row(import_id, row_id)
    form = RowForm()
    if form.validate_on_submit():
        try:
            services.correct(import_id, found.number, form.cells)
        except SentenceError as error:
            form.form_errors.append(str(error))
        else:
            return _row_changed(row, row_id)
    context = {"row": row, "found": found, "page": _page_of(row)}
    return respond("imports/row.html", "imports/_row_form.html", _status(form), form=form, **context)


@bp.post("/imports/<id:import_id>/rows/<id:row_id>/choice")
def choose(import_id: int, row_id: int) -> AnyResponse:
    row = find(Import, import_id)
    choice, alike = row_choice()
    services.decide(import_id, _row(import_id, row_id).number, choice, alike=alike)
    if alike:
        return go_to(url_for("imports.show", import_id=import_id))
    return _row_changed(row, row_id)


@bp.post("/imports/<id:import_id>/commit")
def commit(import_id: int) -> AnyResponse:
    services.commit_import(find(Import, import_id).id)
    return go_to(url_for("imports.show", import_id=import_id))


@bp.post("/imports/<id:import_id>/cancel")
def cancel(import_id: int) -> AnyResponse:
    services.cancel(find(Import, import_id).id)
    return go_to(url_for("imports.show", import_id=import_id))


@bp.post("/imports/<id:import_id>/undo")
def undo(import_id: int) -> AnyResponse:
    services.undo(find(Import, import_id).id)
    return go_to(url_for("imports.show", import_id=import_id))


@bp.get("/imports/<id:import_id>/failed.csv")
def failed(import_id: int) -> Response:
    row = find(Import, import_id)
    response = Response("".join(as_csv(row)), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"import-{row.id}-failed.csv")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _show(row: Import, form: MappingForm, reading: ReadingForm) -> Response:
    context: dict[str, Any] = {"row": row, "form": form, "reading": reading, "page": ImportPage(row)}
    context |= {"earlier": queries.same_file_before(row)}
    status = 422 if form.errors or reading.errors else 200
    return respond("imports/show.html", "imports/_import.html", status, **context)


def _row(import_id: int, row_id: int) -> ImportRow:
    found = find(ImportRow, row_id)
    return found if found.import_id == import_id else abort(404)


def _page_of(row: Import) -> ImportPage:
    """Return the page of rows that a form of one of them came from."""
    return ImportPage(row, request.args.get("tab", ""), id_in(request.args.get("after")) or 0)


def _row_changed(row: Import, row_id: int) -> AnyResponse:
    page, found = _page_of(row), _row(row.id, row_id)
    shown = page.show(found)
    verdict = _("Left out") if shown.is_left_out else _(shown.word)
    text = _("Row %(number)s: %(verdict)s", number=found.number, verdict=verdict)
    return done(text, page.url, "imports/row.htmx.html", page=page, line=shown)


def _status(form: Form) -> int:
    return 422 if form.is_submitted() else 200
