"""CSRF tokens, and forms that were opened before their user signed in again.

The token of such a form belongs to an ended session. Its view runs, but `validate()` fails and `transaction()` refuses
to begin, so the view shows the form again with what was typed and a fresh token. Without a token of ours it is refused.
A form that is sent while nobody is signed in takes the same way after signing in (`accounts/kept.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf, validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import ValidationError

from crm.values.language import N_

View = TypeVar("View", bound=Callable[..., Any])

SIGNED_IN_AGAIN = N_("You signed in again since this page was opened.")


class Csrf(CSRFProtect):  # type: ignore[misc]  # flask_wtf has no types
    def init_app(self, app: Flask) -> None:
        super().init_app(app)
        app.after_request(_renew_token)

    def protect(self, apply_exemptions: bool = False) -> None:
        try:
            if getattr(current_app.view_functions.get(request.endpoint or ""), "sends_no_referrer", False):
                self._protect_by_token()
            else:
                super().protect(apply_exemptions)
        except CSRFError:
            if not _is_ours(self._get_csrf_token() or ""):
                raise
            g.form_is_stale = True
            if not _shows_a_form(current_app.view_functions[request.endpoint or ""]):
                raise

    def _protect_by_token(self) -> None:
        if request.method not in current_app.config["WTF_CSRF_METHODS"]:
            return
        try:
            validate_csrf(self._get_csrf_token())
        except ValidationError as error:
            raise CSRFError(str(error)) from None
        g.csrf_valid = True


def without_referrer(view: View) -> View:
    """Take the forms of a page whose address is a secret: it sends no referrer, which is asked for otherwise."""
    view.sends_no_referrer = True  # type: ignore[attr-defined]
    return view


def form_is_stale() -> bool:
    return bool(g.get("form_is_stale"))


def refuse_stale_form() -> None:
    if form_is_stale():
        raise CSRFError(SIGNED_IN_AGAIN)


def would_show_again() -> bool:
    """Whether the request sends a form of ours, of whatever session, to a view that shows it again after signing in."""
    view = current_app.view_functions[request.endpoint or ""]
    return request.method == "POST" and _shows_a_form(view) and _is_ours(request.form.get("csrf_token", ""))


def _is_ours(token: str) -> bool:
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none") or (origin and urlsplit(origin).netloc != request.host):
        return False
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.config["SECRET_KEY"]]
    try:
        URLSafeTimedSerializer(keys, salt="wtf-csrf-token").loads(token)
    except BadData:
        return False
    return True


def _shows_a_form(view: Callable[..., Any]) -> bool:
    names = getattr(view, "__code__", _NOTHING).co_names
    return any(getattr(view.__globals__.get(name), "shows_again", False) for name in names)


def _nothing() -> None: ...


_NOTHING = _nothing.__code__


def _renew_token(response: Response) -> Response:
    if form_is_stale() and "HX-Request" in request.headers:
        response.headers["HX-Trigger"] = json.dumps({"freshToken": generate_csrf()})
    return response
