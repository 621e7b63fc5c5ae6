"""The customer's own card for Apple Wallet and Google Wallet."""

from __future__ import annotations

from flask import Response, abort, current_app, make_response, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.customer_page import access
from crm.customer_page.door import HOMES, own_blueprint, shown
from crm.customer_page.rules import Scope
from crm.kernel.csrf import without_referrer
from crm.kernel.events import done_by_customer
from crm.values import clock
from crm.wallets import apple, google, services
from crm.wallets.passes import pass_of
from crm.wallets.queries import card_of, serial_for
from crm.wallets.settings import wallets
from crm.web.security import public_url
from crm.web.static import static_url

bp = own_blueprint("own_wallet")


@bp.get("/c/wallet/apple")
def apple_pass() -> Response:
    visit, certificates = access.by_session(Scope.CARD, Scope.PAGE), wallets().apple
    if certificates is None:
        abort(404)
    response = make_response(pass_of(visit.customer, serial_for(visit.customer.id), certificates))
    response.mimetype = apple.MIMETYPE
    response.headers["Content-Disposition"] = 'attachment; filename="card.pkpass"'
    return response


@bp.post("/c/wallet/google")
@without_referrer
def google_card() -> AnyResponse:
    """Keep the card up to date at Google from now on, and lead there: by a page, for forms may not be redirected."""
    visit, account = access.by_session(Scope.CARD, Scope.PAGE), wallets().google
    if account is None:
        abort(404)
    with done_by_customer():
        serial = services.note_saved(visit.customer.id)
    card, program = card_of(visit.customer, serial), f"shop-{visit.organization.uid}"
    logo = public_url(static_url("icons/icon-512.png"))
    link = google.save_link(card, account, program, logo, current_app.config["PUBLIC_URL"], clock.utcnow())
    return shown("wallets/google.html", visit=visit, link=link, home=url_for(HOMES[visit.link.scope]))
