"""The blueprint of a resource: bearer tokens, and idempotent POSTs."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable
from typing import Any

import flask_smorest
from flask import Response, abort, current_app, make_response, request

from crm.api import limits
from crm.api.reading import Parser
from crm.api.services import StoredAnswer, answer_once
from crm.kernel import problems
from crm.kernel.errors import SentenceError
from crm.kernel.extensions import csrf
from crm.kernel.idempotency import KeyReusedError, RequestKey
from crm.kernel.roles import API
from crm.web.forms import fingerprint
from crm.web.uploads import takes_files

View = Callable[..., Any]

KEY = re.compile(r"[!-~]{1,255}")
RETRY_AFTER = {429: 3600, 503: 60}
"""Seconds."""


class Resource(flask_smorest.Blueprint):  # type: ignore[misc]  # flask_smorest has no types
    """Operations on one thing, each an endpoint with its own role.

    once: whether POSTs take an Idempotency-Key; answers with tokens are not kept.
    operations: the prefix of operation ids in the document; the name by default.
    place: the order in the document.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, title: str, place: int, *, once: bool = True, operations: str = "") -> None:
        super().__init__(f"{API}{name}", __name__, url_prefix="/api", description=title)
        self.title, self.place = title, place
        self.once, self.operations = once, operations or name
        csrf.exempt(self)
        self.before_request(limits.count)
        self.register_error_handler(SentenceError, _refused)

    def add_url_rule(
        self, rule: str, endpoint: str | None = None, view_func: View | None = None, **options: Any
    ) -> None:
        """Register an operation; `max_bytes` is the limit for uploaded files together, `too_large` says it."""
        max_bytes, too_large = options.pop("max_bytes", None), options.pop("too_large", "")
        if view_func is not None and self.once and "POST" in options.get("methods", ()):
            view_func = _once(view_func)
        if view_func is not None:
            name = endpoint or view_func.__name__
            view_func = self.doc(operationId=self.operation_id(name), security=[{"bearer": []}] if self.once else [])(
                view_func
            )
        if view_func is not None and max_bytes:
            takes_files(max_bytes, too_large)(view_func)
        options["tags"] = [self.title]
        super().add_url_rule(rule, endpoint, view_func, **options)

    def operation_id(self, endpoint: str) -> str:
        return f"{self.operations}_{endpoint}"


def _once(view: View) -> View:

    @functools.wraps(view)
    def keyed(*args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return make_response(view(*args, **kwargs))
        if not KEY.fullmatch(key):
            abort(400, "An Idempotency-Key has 1 to 255 letters, digits and marks, without spaces.")
        answer = answer_once(RequestKey(key, _content()), lambda: _answer_of(make_response(view(*args, **kwargs))))
        return current_app.response_class(answer.body, answer.status, mimetype="application/json")

    return keyed


def _content() -> str:
    if request.mimetype == "multipart/form-data":
        return fingerprint(request.form.items(multi=True), request.files)
    return hashlib.sha256(request.path.encode() + b"\0" + request.get_data(cache=True)).hexdigest()


def _answer_of(response: Response) -> StoredAnswer:
    return StoredAnswer(response.status_code, response.get_data(as_text=True))


def _refused(error: SentenceError) -> Response:
    if isinstance(error, KeyReusedError):
        return problems.answer(422)
    response = problems.answer(error.status, str(error))
    if error.status in RETRY_AFTER:
        response.headers["Retry-After"] = str(RETRY_AFTER[error.status])
    return response
