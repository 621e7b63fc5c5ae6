"""The card: points, vouchers and the code that staff scan; and the page with everything."""

from __future__ import annotations

from flask import Response

from crm.customer_page import access, cards
from crm.customer_page.routes.own import bp, shown
from crm.customer_page.rules import Scope


@bp.get("/c/card")
def card() -> Response:
    visit = access.by_session(Scope.CARD)
    return shown("customer_page/card.html", card=cards.card_of(visit.customer), visit=visit)


@bp.get("/c/page")
def page() -> Response:
    visit = access.by_session(Scope.PAGE)
    return shown("customer_page/page.html", card=cards.card_of(visit.customer), visit=visit)
