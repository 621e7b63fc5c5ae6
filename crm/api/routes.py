"""The JSON API as a whole: its resources, its document and the page that shows it."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from crm.api import branches, customers, invoices, messages, token
from crm.api.document import document as document_of

RESOURCES = (token.bp, customers.bp, invoices.bp, messages.bp, branches.bp)

bp = Blueprint("api", __name__, url_prefix="/api")

BLUEPRINTS: tuple[Blueprint, ...] = (bp, *RESOURCES)


@bp.get("/openapi.json")
def document() -> Response:
    """Answer the OpenAPI document."""
    return jsonify(document_of(current_app, RESOURCES))
