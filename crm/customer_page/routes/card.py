"""The card: points, vouchers and the code that staff scan."""

from __future__ import annotations

from flask import Response, current_app, jsonify, url_for

from crm.accounts.rules import token_hash
from crm.customer_page import access, cards
from crm.customer_page.door import shown
from crm.customer_page.parts import parts_of
from crm.customer_page.routes.own import bp
from crm.customer_page.rules import Scope


@bp.get("/c/card")
def card() -> Response:
    visit = access.by_session(Scope.CARD)
    card = cards.card_of(visit.customer)
    return shown("customer_page/card.html", card=card, visit=visit, parts=parts_of(visit.customer, on_card=True))


@bp.get("/c/manifest.webmanifest")
def manifest() -> Response:
    visit, token = access.by_session(Scope.CARD), access.link_token()
    is_its_link = token_hash(token) == visit.link.token_hash
    start = url_for("own_page.link", token=token) if is_its_link else url_for("own_page.card")
    response = jsonify(cards.manifest_of(visit.organization, start))
    response.mimetype = "application/manifest+json"
    return response


@bp.get("/c/worker.js")
def worker() -> Response:
    """Serve the script from within /c/, for it may serve no page above itself."""
    return current_app.send_static_file("customer/worker.js")
