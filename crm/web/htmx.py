"""Answer htmx with a fragment, others with a page or a redirect."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import Response, flash, get_flashed_messages, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

UNPROCESSABLE = 422


def wants_fragment() -> bool:
    """Exclude htmx's history restore, which needs the whole page."""
    return "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers


def respond(page: str, fragment: str, /, status: int = 200, **context: Any) -> Response:
    """Render `fragment` for htmx, else `page`, which includes it; a problem stands in the title, too."""
    if wants_fragment():
        response = make_response(render_template(fragment, **context) + _toasts(), status)
    else:
        response = make_response(render_template(page, has_problem=status == UNPROCESSABLE, **context), status)
    response.vary.add("HX-Request")
    return response


def done(
    message: str,
    location: str,
    fragment: str,
    /,
    *,
    undo: str | None = None,
    show: str | None = None,
    ended_page: str | None = None,
    **context: Any,
) -> AnyResponse:
    """Answer a successful write with a toast: `fragment` for htmx, which closes the window, else 303.

    `undo` is the URL to POST for undo, `show` the page of the row, linked elsewhere. `ended_page` is the path of a page
    that no longer exists: its visitor is sent to `location`.
    """
    here = urlsplit(request.headers.get("HX-Current-URL", "")).path
    if not wants_fragment():
        flash({"text": message, "undo": undo}, "success")  # type: ignore[arg-type]  # Flask keeps whatever JSON has
        return redirect(location, 303)
    flash({"text": message, "undo": undo, "show": show if show != here else None}, "success")  # type: ignore[arg-type]  # Flask keeps whatever JSON has
    if ended_page == here:
        return Response(headers={"HX-Redirect": location})
    response = make_response(render_template(fragment, **context) + _toasts())
    response.headers["HX-Trigger"] = json.dumps({"closeWindow": True, "customersChanged": True})
    response.vary.add("HX-Request")
    return response


def go_to(location: str) -> AnyResponse:
    if wants_fragment():
        return Response(headers={"HX-Redirect": location})
    return redirect(location, 303)


def _toasts() -> str:
    return render_template("shared/toasts.htmx.html") if get_flashed_messages() else ""
