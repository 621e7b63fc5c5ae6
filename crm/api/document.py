"""The OpenAPI document, built from the resources at the first request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import flask_smorest
from flask import Flask

from crm.api.fields import NOT_BLANK
from crm.api.resource import Resource
from crm.api.schemas import Input
from crm.kernel import problems
from crm.values.text import blank_characters
from crm.web.ids import IdConverter

EXTENSION = "crm-api-document"

TITLE = "CRM"
VERSION = "1"
"""Changes when an existing operation changes its behaviour."""

DESCRIPTION = """\
Customers, their points, invoices and messages, for other systems.

Get a token from `POST /api/token/` with a user name and password, and send it with every request:
`Authorization: Bearer <access>`. What the user may do here is what their role lets them do on the pages.

**Organizations.** A token belongs to one organization: the one whose id or short name was in the header `X-Tenant-ID`
of `POST /api/token/`, or else the first that the user joined. It never acts in another one, and a request that names
another is refused.

**Doing things once.** Every POST but those for tokens takes the header `Idempotency-Key`: the same key with the same
content is done once and answered the same for a day, with other content 422, while the first is under way 409.

**Errors** are `application/problem+json`: `error` is a sentence that says what to do, `errors` has sentences by field.

**Lists** have `count`, `next`, `previous` and `results`. Times are ISO 8601 in UTC, money is a text with two decimals.
"""

PROBLEMS = {
    400: "Something in the request can't be taken.",
    401: "There is no token, or it has ended.",
    403: "The user's role does not allow this.",
    404: "There is no such thing in the organization.",
    405: "The address takes other methods, which the header Allow names.",
    409: "The present state does not allow it, or the same request is under way.",
    413: "The request is too large.",
    415: "The content is of another type.",
    422: "The Idempotency-Key was used before with other content.",
    429: "Too many requests; the header Retry-After says how many seconds to wait.",
    503: "The system is not available right now.",
}

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "error"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "error": {"type": "string", "description": "One sentence that says what to do."},
        "errors": {
            "type": "object",
            "description": "Sentences by field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


class Spec(flask_smorest.Api):  # type: ignore[misc]  # flask_smorest has no types
    """The collector of the document; the application handles its own errors."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        pass


def document(app: Flask, resources: Sequence[Resource]) -> dict[str, Any]:
    if EXTENSION not in app.extensions:
        app.extensions[EXTENSION] = _make(app, resources)
    made: dict[str, Any] = app.extensions[EXTENSION]
    return made


def _make(app: Flask, resources: Sequence[Resource]) -> dict[str, Any]:
    api = Spec(
        spec_kwargs={
            "title": TITLE,
            "version": VERSION,
            "openapi_version": "3.1.0",
            "info": {"description": DESCRIPTION},
        }
    )
    api.init_app(app)
    api.register_converter(IdConverter, lambda converter: {"type": "integer", "minimum": 1, "maximum": 10**18 - 1})
    for resource in resources:
        resource.register_views_in_doc(api, app, api.spec, name=resource.name, parameters=None)
    for title in dict.fromkeys(resource.title for resource in resources):
        api.spec.tag({"name": title})
    api.spec.components.schema("Problem", PROBLEM)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    made: dict[str, Any] = api.spec.to_dict()
    for schema in made["components"]["schemas"].values():
        for property_ in schema["properties"].values():
            _add_json_schema(property_)
    for shape in Input.__subclasses__():
        if shape.one_of and shape.__name__ in made["components"]["schemas"]:
            made["components"]["schemas"][shape.__name__]["anyOf"] = [{"required": [field]} for field in shape.one_of]
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                _complete(operation, method, path)
    made["components"]["responses"] = {f"Problem{status}": _response(status) for status in PROBLEMS}
    made["components"]["parameters"] = PARAMETERS
    return made


def _add_json_schema(property_: dict[str, Any]) -> None:
    """Express in JSON Schema what apispec can't."""
    if property_.pop(NOT_BLANK, False):
        property_["pattern"] = f"[^{blank_characters()}]"
    if "anyOf" in property_:
        for key in ("type", "maxLength"):
            property_.pop(key, None)


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    statuses = {429, 503}
    if operation["security"]:
        statuses |= {400, 401, 403}
    if "{" in path or "404" in operation["responses"]:
        statuses.add(404)
    if method != "get":
        statuses.add(409)
    if "requestBody" in operation:
        statuses |= {400, 413, 415}
    if method == "post":
        statuses |= {401, 422} if operation["security"] else {401}
    responses = operation["responses"]
    operation["responses"] = {
        **{status: found for status, found in responses.items() if int(status) < 400},
        **{str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in sorted(statuses)},
    }


def _response(status: int) -> dict[str, Any]:
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": PROBLEMS[status], "content": content}


PARAMETERS = {
    "TenantId": {
        "name": "X-Tenant-ID",
        "in": "header",
        "description": "The id or short name of the organization: at /api/token/ one of the user's, then its own.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A new one for each thing to do; every POST but those for tokens takes it.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}
"""Shared headers. No operation lists them: a value serves one request or one user."""
