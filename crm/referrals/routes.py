"""Pages of referrals, and what a code's link shows to strangers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, render_template, request, url_for
from werkzeug.exceptions import TooManyRequests
from werkzeug.wrappers import Response as AnyResponse

from crm.accounts import throttle
from crm.accounts.access import find, show_to_guest
from crm.customers.models import Customer
from crm.customers.services import give_referral_code
from crm.referrals import queries, services
from crm.referrals.models import Referral
from crm.referrals.queries import ReferralFilter
from crm.referrals.rules import State
from crm.values import language
from crm.values.language import gettext as _
from crm.web.htmx import done, respond

bp = Blueprint("referrals", __name__)

WRONG = "referral"
"""The kind of wrong codes, which are counted apart from other links."""


@bp.get("/referrals")
def index() -> Response:
    page = queries.referrals_page(ReferralFilter.from_args(request.args), request.args.get("page", 1, type=int))
    context: dict[str, Any] = {"page": page, "states": State, "has_any": bool(page.rows) or queries.has_any()}
    return respond("referrals/index.html", "referrals/_list.html", **context)


@bp.post("/referrals/<id:referral_id>/approve")
def approve(referral_id: int) -> AnyResponse:
    services.approve(find(Referral, referral_id).id)
    return _saved(_("Referral approved."))


@bp.post("/referrals/<id:referral_id>/refuse")
def refuse(referral_id: int) -> AnyResponse:
    services.refuse(find(Referral, referral_id).id)
    return _saved(_("Referral refused."))


@bp.post("/customers/<id:customer_id>/referral-code")
def make_code(customer_id: int) -> AnyResponse:
    customer = give_referral_code(find(Customer, customer_id).id)
    location = url_for("customers.show", customer_id=customer.id, _anchor="referrals-panel")
    context: dict[str, Any] = {"customer": customer, "data": queries.panel_data(customer)}
    message = _("The code of %(name)s is ready.", name=customer.name)
    return done(message, location, "referrals/code.htmx.html", **context)


@bp.get("/r/<referral_code>")
def invitation(referral_code: str) -> Response:
    """Show a stranger who invites them to where; a wrong code is answered as any other wrong address."""
    found = queries.invitation(referral_code)
    if found is None:
        try:
            throttle.count_wrong_link(WRONG, request.remote_addr or "")
        except throttle.ThrottledError as throttled:
            raise TooManyRequests(str(throttled), retry_after=throttled.seconds) from None
        abort(404)
    accepted = request.headers.get("Accept-Language", "")
    language.use(language.chosen("", found.organization.language, accepted=accepted))
    show_to_guest(found.organization)
    response = make_response(render_template("referrals/invitation.html", invitation=found))
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _saved(message: str) -> AnyResponse:
    return done(message, url_for("referrals.index"), "referrals/saved.htmx.html")
