"""The tokens of forms, and what is done with a form from before its reader signed in again.

Such a form was meant, but its token belongs to a session that has ended. Nothing is done, and nothing is lost: the view
shows the form again with what was typed and a token that is good. It cannot do more, for the form does not pass
`validate()` and no `transaction()` begins. A form without a token of ours is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer

SIGNED_IN_AGAIN = "You signed in again since this page was opened."


class Csrf(CSRFProtect):  # type: ignore[misc]  # flask_wtf has no types
    """Refuses what comes without the token of its session, but lets a view show its form again."""

    def init_app(self, app: Flask) -> None:
        """Check every request before its view, and give pages in use a token that is good."""
        super().init_app(app)
        app.after_request(_renew_token)

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuse the request, or mark it as stale where its view will show the form again."""
        try:
            super().protect(apply_exemptions)
        except CSRFError:
            if not _is_of_another_session(self._get_csrf_token() or ""):
                raise
            g.form_is_stale = True
            if not _shows_a_form(current_app.view_functions[request.endpoint or ""]):
                raise


def form_is_stale() -> bool:
    """Whether the request is a form from before its reader signed in again."""
    return bool(g.get("form_is_stale"))


def refuse_stale_form() -> None:
    """Stop a request that would change something by the token of another session; raises CSRFError."""
    if form_is_stale():
        raise CSRFError(SIGNED_IN_AGAIN)


def _is_of_another_session(token: str) -> bool:
    """Whether we made the token, and a page of ours sent it."""
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
    """Whether a view makes a form of its own, so that it can show it again."""
    names = getattr(view, "__code__", _NOTHING).co_names
    return any(getattr(view.__globals__.get(name), "shows_again", False) for name in names)


def _nothing() -> None: ...


_NOTHING = _nothing.__code__


def _renew_token(response: Response) -> Response:
    if form_is_stale() and "HX-Request" in request.headers:
        response.headers["HX-Trigger"] = json.dumps({"freshToken": generate_csrf()})
    return response
