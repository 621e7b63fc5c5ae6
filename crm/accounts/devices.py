"""Browsers where an account signed in before; failures from elsewhere don't lock these out.

A signed cookie names the browser and hashes of its accounts; it lets nobody in. See OWASP, "Slow Down Online Guessing
Attacks with Device Cookies".
"""

from __future__ import annotations

import secrets
from typing import Any

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from crm.accounts.browsers import NewBrowser, new_browser
from crm.accounts.rules import account_key

LASTS = 365 * 24 * 3600
ACCOUNTS = 8
"""Enough for the staff who share a counter PC."""


def device_of(username: str) -> str:
    name, accounts = _read()
    return name if _short(username) in accounts else ""


def unknown_browser(username: str) -> NewBrowser | None:
    """Return the browser of the request, if the account didn't sign in in it before."""
    if device_of(username):
        return None
    return new_browser(request.headers.get("User-Agent", ""), request.remote_addr or "")


def remember(response: Response, username: str) -> None:
    name, accounts = _read()
    known = [_short(username), *(account for account in accounts if account != _short(username))][:ACCOUNTS]
    response.set_cookie(
        _cookie_name(),
        _serializer().dumps([name or secrets.token_urlsafe(16), *known]),
        max_age=LASTS,
        secure=current_app.session_interface.get_cookie_secure(current_app),
        httponly=True,
        samesite="Lax",
    )


def _read() -> tuple[str, list[str]]:
    try:
        parts: Any = _serializer().loads(request.cookies.get(_cookie_name(), ""), max_age=LASTS)
    except BadData:
        return "", []
    return parts[0], parts[1:]


def _short(username: str) -> str:
    return account_key(username)[:16]


def _serializer() -> URLSafeTimedSerializer:
    keys = [*reversed(current_app.config["SECRET_KEY_FALLBACKS"]), current_app.config["SECRET_KEY"]]
    return URLSafeTimedSerializer(keys, salt="crm.accounts.devices")


def _cookie_name() -> str:
    return current_app.config["SESSION_COOKIE_NAME"].replace("session", "device")  # type: ignore[no-any-return]  # the configuration has no types
