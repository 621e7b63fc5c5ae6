"""What the link in marketing opens: a page that asks, and what ends it. No session, no sign-in (RFC 8058)."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.exceptions import TooManyRequests

from crm.accounts import throttle
from crm.accounts.access import show_to_guest
from crm.accounts.models import Organization
from crm.consents import services
from crm.consents.tokens import Subscription, subscription_of
from crm.kernel.extensions import csrf, db
from crm.kernel.tenancy import enter_organization
from crm.values import language

bp = Blueprint("unsubscribe", __name__)

WRONG = "unsubscribe"
"""The kind of wrong tokens, which are counted apart from other links."""


@bp.get("/u/<unsubscribe_token>")
def ask(unsubscribe_token: str) -> Response:
    """Show a button: programs that look into mail open every link, so this changes nothing."""
    _found, organization = _open(unsubscribe_token)
    return _page(organization, done=False)


@bp.post("/u/<unsubscribe_token>")
def end(unsubscribe_token: str) -> Response:
    """End it at once, whoever asks: a mail program sends this without a cookie, and follows no redirect."""
    found, organization = _open(unsubscribe_token)
    services.unsubscribe(found)
    return _page(organization, done=True)


csrf.exempt(end)


def _open(token: str) -> tuple[Subscription, Organization]:
    """Enter the organization of a token; any that is not ours is answered as every wrong address."""
    found = subscription_of(token)
    organization = db.session.get(Organization, found.organization_id) if found else None
    if found is None or organization is None or organization.restoring_until is not None:
        try:
            throttle.count_wrong_link(WRONG, request.remote_addr or "")
        except throttle.ThrottledError as throttled:
            raise TooManyRequests(str(throttled), retry_after=throttled.seconds) from None
        abort(404)
    enter_organization(organization.id, None)
    language.use(language.chosen("", organization.language, accepted=request.headers.get("Accept-Language", "")))
    show_to_guest(organization)
    return found, organization


def _page(organization: Organization, *, done: bool) -> Response:
    response = make_response(render_template("consents/unsubscribe.html", shop=organization.name, done=done))
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
