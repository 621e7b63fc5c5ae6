"""API of imports."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, jsonify, make_response, request, url_for

from crm.accounts.access import find
from crm.api.resource import Resource
from crm.imports import schemas as schemas
from crm.imports import services
from crm.imports.files import FileRefusedError
from crm.imports.limits import MAX_REQUEST
from crm.imports.models import Import
from crm.imports.reading import sentences
from crm.imports.states import Mode
from crm.kernel.problems import InputProblem
from crm.web.security import public_url

bp = Resource("imports", "Imports", 35)

MODES = [mode.value for mode in Mode]
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")
DRY_RUN = {
    "type": ["boolean", "integer", "string"],
    "enum": [True, False, 1, 0, "yes", "no", "on", "off", ""],
    "default": False,
    "description": "Check, and wait for the commit.",
}
FILE = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "Of up to 50 MB."},
                    "mode": {"type": "string", "enum": [*MODES, ""], "default": Mode.ADD.value},
                    "dry_run": DRY_RUN,
                },
            }
        }
    },
}


@bp.post("/imports/", max_bytes=MAX_REQUEST, too_large=sentences.TOO_BIG.text)
@bp.doc(requestBody=FILE)
@bp.response(202, schemas.Import)
def create() -> Response:
    """Import customers from a file.

    The file is read and checked in the background, and then imported, or with `dry_run` not before the commit. Ask for
    `state`: `recognised` means that somebody has to choose the columns on the page of the import.
    """
    if request.mimetype != "multipart/form-data":
        abort(415, "Send the file as multipart/form-data, in the field file.")
    file, mode, dry_run = request.files.get("file"), _mode(), _dry_run()
    if file is None:
        raise InputProblem({"file": ["Send a file of customers."]})
    try:
        options = services.Options(mode)
        row = services.create(file.filename, file.stream, options, commits_itself=not dry_run)
    except FileRefusedError as error:
        raise InputProblem({"file": [str(error)]}) from None
    return _accepted(row)


@bp.get("/imports/<id:import_id>/")
@bp.response(200, schemas.Import)
def show(import_id: int) -> Import:
    """Read how far an import is, and what came of its rows."""
    return find(Import, import_id)


@bp.post("/imports/<id:import_id>/commit/")
@bp.response(202, schemas.Import)
def commit(import_id: int) -> Response:
    """Import a file that is checked; one that is imported already stays so."""
    return _accepted(services.commit_import(find(Import, import_id).id))


@bp.post("/imports/<id:import_id>/undo/")
@bp.response(202, schemas.Import)
def undo(import_id: int) -> Response:
    """Undo an import, also one that is under way: what somebody changed since stays. Possible for 30 days."""
    return _accepted(services.undo(find(Import, import_id).id))


def _accepted(row: Import) -> Response:
    answer: dict[str, Any] = schemas.Import().dump(row)
    place = public_url(url_for("api_imports.show", import_id=row.id))
    return make_response(jsonify(answer), 202, {"Location": place})


def _mode() -> Mode:
    given = request.form.get("mode") or Mode.ADD.value
    if given not in MODES:
        raise InputProblem({"mode": [f"Send one of {', '.join(MODES)}."]})
    return Mode(given)


def _dry_run() -> bool:
    given = request.form.get("dry_run", "").strip().lower()
    if given not in (*YES, *NO):
        raise InputProblem({"dry_run": ["Send true or false."]})
    return given in YES
