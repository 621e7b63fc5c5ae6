"""The OpenAPI document, and the page that shows it."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask.blueprints import BlueprintSetupState

from crm.api.docs import page_content
from crm.api.document import document as document_of
from crm.kernel.manifest import catalog
from crm.kernel.problems import ROOT

bp = Blueprint("api", __name__, url_prefix="/api")


@bp.record_once
def keep_order(state: BlueprintSetupState) -> None:
    """Keep fields in the order of their schema."""
    state.app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it


@bp.get("/openapi.json")
def document() -> Response:
    return jsonify(document_of(current_app, catalog().api))


@bp.get("/docs")
def docs() -> str:
    page = page_content(document_of(current_app, catalog().api))
    return render_template("api/docs.html", page=page, address=current_app.config["PUBLIC_URL"] + ROOT)
