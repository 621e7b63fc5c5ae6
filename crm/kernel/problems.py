"""Errors of the JSON API: RFC 9457."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest, HTTPException

ROOT = "/api/"
MEDIA_TYPE = "application/problem+json"

SENTENCES = {
    400: "This request could not be read. Check it, then send it again.",
    401: "Send a token from /api/token/ in the header Authorization: Bearer <access>.",
    403: "Your role does not allow this. Ask an owner or manager of your organization.",
    404: "There is nothing here. The address may be mistyped, or what was here has been deleted.",
    405: "This address can't be used with this method. The header Allow says which it takes.",
    409: "This has changed in the meantime. Read it again.",
    413: "This is too large: JSON may have up to 1 MB, a receipt 10 MB.",
    415: "Send JSON, with the header Content-Type: application/json.",
    422: "This Idempotency-Key was used before with other content. Use a new key for a new request.",
    429: "Too many requests. Wait as long as the header Retry-After says, then go on.",
    500: "Something broke on our side. Nothing of yours was lost.",
    503: "The system is not available right now. Nothing of yours was lost. Try again in a minute.",
}

Errors = Mapping[str, Sequence[str]]


class InputProblem(BadRequest):
    def __init__(self, errors: Errors, sentence: str | None = None) -> None:
        super().__init__(sentence or next((found[0] for found in errors.values()), None))
        self.errors = errors


def are_wanted() -> bool:
    return request.path.startswith(ROOT)


def of(error: HTTPException) -> Response:
    own = error.description if error.description != type(error).description else None
    response = answer(error.code or 500, own, getattr(error, "errors", None))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer(
    status: int, sentence: str | None = None, errors: Errors | None = None, more: Mapping[str, Any] | None = None
) -> Response:
    """Answer a problem; `more` are members of its own (RFC 9457, 3.2)."""
    status = status if status in SENTENCES else 500
    detail = sentence or SENTENCES[status]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "error": detail,
    }
    body |= more or {}
    if errors:
        body["errors"] = {field: list(found) for field, found in errors.items()}
    return Response(json.dumps(body), status, mimetype=MEDIA_TYPE)
