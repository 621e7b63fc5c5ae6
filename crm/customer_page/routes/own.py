"""What a customer opens by a link."""

from __future__ import annotations

from flask import Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from crm.customer_page import access, links
from crm.customer_page.door import HOMES, own_blueprint, shown
from crm.customer_page.rules import Scope
from crm.kernel.csrf import without_referrer
from crm.kernel.events import done_by_customer
from crm.privacy.services import copy_for_themselves

bp = own_blueprint("own_page")


@bp.get("/c/<token>")
def link(token: str) -> AnyResponse:
    """Ask whether to open what the link leads to: programs look at links, so looking does nothing."""
    visit = access.by_link(token)
    if visit.link.scope in HOMES and access.is_in_by(visit.link):
        return redirect(url_for(HOMES[visit.link.scope]), 303)
    return shown("customer_page/link.html", visit=visit)


@bp.post("/c/<token>")
@without_referrer
def open_link(token: str) -> AnyResponse:
    visit = access.by_link(token)
    if visit.link.scope is Scope.DOWNLOAD:
        return _copy_of(visit.customer.id)
    opened = links.open_link(visit.link.id)
    if opened is None:
        access.refuse()
    response = redirect(url_for(HOMES[visit.link.scope]), 303)
    access.let_in(response, *opened, link=token if visit.link.scope is Scope.CARD else "")
    return response


def _copy_of(customer_id: int) -> Response:
    """Stream the copy of the customer's data; it is written while it is sent."""
    with done_by_customer():
        copy = copy_for_themselves(customer_id)
    response = Response(copy.chunks(), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=copy.filename)
    return response
