"""What keeps pages private and scripts ours: headers, HTTPS, and no address that a request's Host made up."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, abort, current_app, redirect, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.wrappers import Response as AnyResponse

log = logging.getLogger(__name__)

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class SessionInterface(SecureCookieSessionInterface):
    """A session cookie that never leaves HTTPS again once it was set there."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether browsers keep the cookie to HTTPS."""
        return request.is_secure or super().get_cookie_secure(app)


HSTS = "max-age=31536000; includeSubDomains"
PLAIN = {"health.up", "health.ready"}
"""What platforms ask inside their own network."""

NO_PROXY_TRUSTED = (
    "PUBLIC_URL is https, so a proxy is in front, and TRUSTED_PROXIES is 0: everybody comes from the proxy's one "
    "address, and a stranger's wrong passwords lock everybody's sign-in. Set TRUSTED_PROXIES to the number of proxies."
)


def init_app(app: Flask) -> None:
    """Set the headers on every response that does not bring stricter ones; called before the role is checked."""
    app.session_interface = SessionInterface()
    app.before_request(_expect_https)
    app.after_request(_harden)


def is_https(app: Flask) -> bool:
    """Whether people reach the installation by HTTPS, which a proxy in front of it speaks."""
    public_url: str = app.config["PUBLIC_URL"]
    return public_url.startswith("https://")


def public_url(path: str) -> str:
    """Return the whole address of a path, for answers that other systems keep."""
    return f"{current_app.config['PUBLIC_URL']}{path}"


def _expect_https() -> AnyResponse | None:
    """Send people who came by plain HTTP to HTTPS; only a trusted proxy's word counts, or they would go in circles."""
    if not is_https(current_app) or request.endpoint in PLAIN:
        return None
    proxies = current_app.config["TRUSTED_PROXIES"]
    if not proxies:
        _warn_of_proxy()
        return None
    schemes = [scheme.strip().lower() for scheme in request.headers.get("X-Forwarded-Proto", "").split(",")]
    if len(schemes) < proxies or schemes[-proxies] != "http":
        return None
    if request.method not in ("GET", "HEAD"):
        abort(
            403, f"This came unencrypted, and others may have read it. Use {current_app.config['PUBLIC_URL']} instead."
        )
    return redirect(public_url(request.full_path.rstrip("?")), 308)


def _warn_of_proxy() -> None:
    if "X-Forwarded-For" in request.headers and "crm_proxy_warned" not in current_app.extensions:
        current_app.extensions["crm_proxy_warned"] = True
        log.warning("X-Forwarded-For is not used. %s", NO_PROXY_TRUSTED)


def _harden(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CSP)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
    if request.is_secure or is_https(current_app):
        headers.setdefault("Strict-Transport-Security", HSTS)
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    if response.location:
        response.location = _without_host(response.location)
    return response


def _without_host(location: str) -> str:
    """Return a Location that stays here without the request's Host, which anybody may write into it."""
    parts = urlsplit(location)
    if not parts.netloc or parts.netloc != request.host:
        return location
    path = urlunsplit(("", "", parts.path or "/", parts.query, parts.fragment))
    return public_url(path) if path.startswith("/api/") else path
