"""URLs with a query from the user: `url_for` gives some names a meaning of its own, so it never gets them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from flask import Flask, redirect, request
from werkzeug.wrappers import Response

from crm.web.htmx import wants_fragment


def init_app(app: Flask) -> None:
    app.before_request(_without_empty_filters)


def with_query(address: str, query: Iterable[tuple[str, object]]) -> str:
    text = urlencode(list(query))
    return f"{address}?{text}" if text else address


def _without_empty_filters() -> Response | None:
    """Lead a list's form that was sent without JavaScript, with all its empty fields, to the URL of what was asked."""
    endpoint = request.endpoint or ""
    is_list = request.method == "GET" and endpoint.endswith(".index") and not endpoint.startswith("api_")
    if not is_list or wants_fragment() or "" not in request.args.values():
        return None
    return redirect(
        with_query(request.script_root + request.path, [pair for pair in request.args.items(multi=True) if pair[1]])
    )
