"""The JSON API as a whole: its resources, its document and the page that shows it."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, render_template
from flask.blueprints import BlueprintSetupState

from crm.api import (
    area_customers,
    bookings,
    branches,
    collection,
    customers,
    inbound,
    invoices,
    leads,
    messages,
    token,
    webhook,
)
from crm.api.docs import page_of
from crm.api.document import document as document_of
from crm.kernel.problems import ROOT

RESOURCES = (
    token.bp,
    customers.bp,
    collection.bp,
    invoices.bp,
    messages.bp,
    inbound.bp,
    leads.bp,
    bookings.bp,
    area_customers.bp,
    branches.bp,
    webhook.bp,
)

bp = Blueprint("api", __name__, url_prefix="/api")

BLUEPRINTS: tuple[Blueprint, ...] = (bp, *RESOURCES)


@bp.record_once
def keep_order(state: BlueprintSetupState) -> None:
    """Answer fields in the order in which they are told."""
    state.app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it


@bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI document."""
    return jsonify(document_of(current_app, RESOURCES))


@bp.get("/docs")
def docs() -> str:
    """Show the document to people."""
    page = page_of(document_of(current_app, RESOURCES))
    return render_template("api/docs.html", page=page, address=current_app.config["PUBLIC_URL"] + ROOT)
