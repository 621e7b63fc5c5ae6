"""The door of what is a customer's own: its pages, and answers to whatever is wrong with one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from crm.customer_page.rules import Scope
from crm.kernel.errors import ConflictError

HOMES = {Scope.CARD: "own_page.card", Scope.PAGE: "own_page.page"}
"""The page that a link of each scope opens."""


def own_blueprint(name: str) -> Blueprint:
    """Return a blueprint of pages that are a customer's own."""
    bp = Blueprint(name, __name__)
    bp.after_request(_keep_secret)
    for kind in (CSRFError, HTTPException, ConflictError):
        bp.register_error_handler(kind, _problem)
    return bp


def shown(template: str, status: int = 200, **context: Any) -> Response:
    return make_response(render_template(template, **context), status)


def _keep_secret(response: Response) -> Response:
    """Let nobody learn the address, which is a secret."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


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
