"""Log each request, without its query string (search terms) and without tokens in its path."""

from __future__ import annotations

import time

import structlog
from flask import Flask, Response, g, request

from crm.accounts.access import has_organization, here

UNLOGGED = {"static", "health.up", "health.ready"}
SECRET = {"token", "code", "card_code", "address_token", "reset_token"}
"""Names of path variables that are as secret as a password."""

REFUSED = {403, 404}

log = structlog.get_logger("requests")


def init_app(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_log)


def _start() -> None:
    g.started = time.monotonic()


def _log(response: Response) -> Response:
    if request.endpoint in UNLOGGED:
        return response
    is_member = has_organization()
    write = log.warning if is_member and response.status_code in REFUSED else log.info
    who = {"user": here().user.id, "organization": here().organization.slug} if is_member else {}
    write(
        "request",
        method=request.method,
        path=_path(),
        status=response.status_code,
        ms=round((time.monotonic() - g.get("started", time.monotonic())) * 1000),
        address=request.remote_addr,
        **who,
    )
    return response


def _path() -> str:
    path = request.path
    for name, value in (request.view_args or {}).items():
        if name in SECRET:
            path = path.replace(str(value), "…")
    return path
