"""Security headers, HTTPS, and redirects that ignore the request's Host."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, abort, current_app, redirect, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.wrappers import Response as AnyResponse

from crm.values.language import gettext as _

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
    """Make the session cookie HTTPS-only once it was set by HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or super().get_cookie_secure(app)


HSTS = "max-age=31536000; includeSubDomains"
HTTP_ALLOWED = {"health.up", "health.ready"}
"""Platforms' health checks come by plain HTTP, inside their network."""

CACHEABLE = {"static", "first_hour.manifest"}
"""What says by itself how long it may be stored."""

NO_PROXY_TRUSTED = (
    "PUBLIC_URL is https, so a proxy is in front, and TRUSTED_PROXIES is 0: everybody comes from the proxy's one "
    "address, and a stranger's wrong passwords lock everybody's sign-in. Set TRUSTED_PROXIES to the number of proxies."
)


def init_app(app: Flask) -> None:
    """Call before the role check."""
    app.session_interface = SessionInterface()
    app.before_request(_expect_https)
    app.after_request(_harden)


def is_https(app: Flask) -> bool:
    """Whether people reach the installation by HTTPS, which a proxy in front may speak."""
    public_url: str = app.config["PUBLIC_URL"]
    return public_url.startswith("https://")


def public_url(path: str) -> str:
    return f"{current_app.config['PUBLIC_URL']}{path}"


def _expect_https() -> AnyResponse | None:
    """Redirect plain HTTP to HTTPS; only a trusted proxy's header counts, to avoid loops."""
    if not is_https(current_app) or request.endpoint in HTTP_ALLOWED:
        return None
    proxies = current_app.config["TRUSTED_PROXIES"]
    if not proxies:
        _warn_of_proxy()
        return None
    schemes = [scheme.strip().lower() for scheme in request.headers.get("X-Forwarded-Proto", "").split(",")]
    if len(schemes) < proxies or schemes[-proxies] != "http":
        return None
    if request.method not in ("GET", "HEAD"):
        url = current_app.config["PUBLIC_URL"]
        abort(403, _("This came unencrypted, and others may have read it. Use %(url)s instead.", url=url))
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
    if request.endpoint not in CACHEABLE:
        headers["Cache-Control"] = "no-store"
    if response.location:
        response.location = _without_host(response.location)
    return response


def _without_host(location: str) -> str:
    """Remove the request's Host, which anybody can choose, from a Location on this site."""
    parts = urlsplit(location)
    if not parts.netloc or parts.netloc != request.host:
        return location
    path = urlunsplit(("", "", parts.path or "/", parts.query, parts.fragment))
    return public_url(path) if path.startswith("/api/") else path
