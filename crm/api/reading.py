"""Reading requests: strict JSON, and a sentence for each wrong field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request, abort
from webargs.flaskparser import FlaskParser

from crm.kernel.problems import InputProblem

NO_JSON = "This is not JSON. Check it, then send it again."


class Parser(FlaskParser):
    """Ignores unknown fields, so that an answer can be sent back."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.EXCLUDE, "query": ma.EXCLUDE, "files": ma.EXCLUDE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        if getattr(schema, "may_be_left_out", False) and not req.get_data(cache=True):
            return {}
        if not req.is_json:
            abort(415)
        charset = req.mimetype_params.get("charset", "utf-8")
        if charset.lower().strip("\"'") not in ("utf-8", "utf8", "us-ascii"):
            abort(400, "Send JSON in UTF-8.")
        return read_json(req.get_data(cache=True))

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Request,
        schema: ma.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        by_location: Any = error.messages
        raise InputProblem(dict(flat(next(iter(by_location.values())))))


def read_json(body: bytes) -> Any:
    """Parse a JSON body; 400 for invalid, too deep, or not Unicode."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
        if b"\\u" in body:
            # Half a pair of surrogates can be written, but it is no character.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        abort(400, NO_JSON)
    return value


def flat(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each wrong field, like `customer_ids.0`, and its sentences."""
    if isinstance(messages, Mapping):
        for name, found in messages.items():
            yield from flat(found, path if name == "_schema" else f"{path}.{name}" if path else str(name))
    else:
        yield path or "body", [str(message) for message in messages]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
