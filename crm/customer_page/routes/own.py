"""What a customer opens by a link: the door, and answers to whatever is wrong with it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from crm.customer_page import access, links
from crm.customer_page.rules import Scope
from crm.kernel.csrf import without_referrer
from crm.kernel.errors import ConflictError
from crm.kernel.events import done_by_customer
from crm.privacy.services import copy_for_themselves

bp = Blueprint("own_page", __name__)

HOMES = {Scope.CARD: "own_page.card", Scope.PAGE: "own_page.page"}


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


def shown(template: str, status: int = 200, **context: Any) -> Response:
    return make_response(render_template(template, **context), status)


@bp.after_request
def _keep_secret(response: Response) -> Response:
    """Let nobody learn the address, which is a secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@bp.errorhandler(CSRFError)
@bp.errorhandler(HTTPException)
@bp.errorhandler(ConflictError)
def _problem(error: HTTPException | ConflictError) -> Response:
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    code = (error.code if isinstance(error, HTTPException) else error.status) or 500
    response = shown(
        "customer_page/problem.html", code, code=code, shop=g.pop("ask_the_shop", ""), sentence=_own_sentence(error)
    )
    if isinstance(error, HTTPException):
        for name, value in error.get_headers():
            if name.lower() not in ("content-type", "content-length"):
                response.headers[name] = value
    return response


def _own_sentence(error: HTTPException | ConflictError) -> str:
    """Return what an error says itself, "" where the page has words for all of its kind."""
    if isinstance(error, ConflictError):
        return str(error)
    if isinstance(error, CSRFError) or error.description == type(error).description:
        return ""
    return error.description or ""
