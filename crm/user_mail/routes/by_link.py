"""What the pages behind links have in common."""

from __future__ import annotations

from typing import Any, NoReturn

from flask import Response, abort, render_template, request
from werkzeug.exceptions import TooManyRequests

from crm.accounts import throttle
from crm.kernel.errors import SentenceError


def refuse(kind: str, error: SentenceError) -> NoReturn:
    """Answer a link that opens nothing, and count it."""
    count(kind)
    abort(404, str(error))


def count(kind: str) -> None:
    """Abort with 429 where an address tries too often."""
    try:
        throttle.count_wrong_link(kind, request.remote_addr or "")
    except throttle.ThrottledError as throttled:
        raise TooManyRequests(str(throttled), retry_after=throttled.seconds) from None


def page(template: str, status: int = 200, **values: Any) -> Response:
    response = Response(render_template(template, **values), status, mimetype="text/html")
    # The address is a secret: don't send it as a referrer, not even to our own pages.
    response.headers["Referrer-Policy"] = "strict-origin"
    response.headers["Cache-Control"] = "no-store"
    return response
