"""Larger requests for views that take files, after the role check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import unquote

from flask import Flask, abort, current_app, request
from werkzeug.exceptions import HTTPException

from crm.values.language import gettext as _

View = TypeVar("View", bound=Callable[..., Any])


def init_app(app: Flask) -> None:
    """Register after the role check and before the CSRF check: the limit must precede the first read of the form."""
    app.before_request(_raise_limit)


def takes_files(limit: int, sentence: str = "") -> Callable[[View], View]:
    """Let requests to a view have up to `limit` bytes; larger ones get 413, with a `sentence` of the view's own."""

    def mark(view: View) -> View:
        _limits[view] = limit
        if sentence:
            _sentences[view] = sentence
        return view

    return mark


def limit_for(app: Flask, method: str, path: str) -> int:
    usual: int = app.config["MAX_CONTENT_LENGTH"]
    try:
        endpoint = app.url_map.bind("").match(unquote(path, errors="replace"), method)[0]
    except HTTPException:
        return usual
    return _limits.get(app.view_functions[endpoint], usual)


_limits: dict[Callable[..., Any], int] = {}
_sentences: dict[Callable[..., Any], str] = {}


def _raise_limit() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view not in _limits:
        return
    request.max_content_length = _limits[view]
    if (request.content_length or 0) > _limits[view]:
        if view in _sentences:
            abort(413, _(_sentences[view]))
        megabytes = _limits[view] // 1_000_000 // 10 * 10
        abort(
            413,
            _(
                "These files have more than %(limit)s MB together. Choose fewer, each of up to 10 MB, at a time.",
                limit=megabytes,
            ),
        )
