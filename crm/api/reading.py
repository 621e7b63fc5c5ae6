"""Reading requests: JSON that is JSON, fields that fit, and a sentence for each that does not."""

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
    """Reads what views ask for; what they don't ask for is ignored, so that an answer can be sent back as it came."""

    DEFAULT_VALIDATION_STATUS = 400
    DEFAULT_UNKNOWN_BY_LOCATION = {"json": ma.EXCLUDE, "query": ma.EXCLUDE, "files": ma.EXCLUDE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the JSON of the body."""
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
        """Tell what is wrong with which field."""
        by_location: Any = error.messages
        raise InputProblem(dict(flat(next(iter(by_location.values())))))


def read_json(body: bytes) -> Any:
    """Return the value of a JSON text; what is none, or nested too deep, or no Unicode, ends with 400."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse)
        if b"\\u" in body:
            # Half a pair of surrogates can be written, but it is no character.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        abort(400, NO_JSON)
    return value


def flat(messages: Any, path: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield the path of each field that is wrong, like `customer_ids.0`, and the sentences about it."""
    if isinstance(messages, Mapping):
        for name, found in messages.items():
            yield from flat(found, path if name == "_schema" else f"{path}.{name}" if path else str(name))
    else:
        yield path or "body", [str(message) for message in messages]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
