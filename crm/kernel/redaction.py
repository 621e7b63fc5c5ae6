"""What leaves with an error report or a log line: where it happened, and nothing that a person wrote."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

HEADERS = ("Content-Length", "Content-Type", "Hx-Request", "User-Agent")
"""The headers of a request that an error report may have: all others may name somebody, or let somebody in."""

CONTEXTS = ("browser", "os", "runtime", "trace")

# PostgreSQL writes the row that it refuses, and the key that is taken, beside the error.
_ROW = re.compile(r"^(?:DETAIL|CONTEXT|WHERE|HINT|QUERY|STATEMENT): .*$", re.MULTILINE)
_TOKEN = re.compile(r"/[^/]{20,}")


def without_rows(text: str) -> str:
    """Return an error as it is logged, without the values that the database adds to it."""
    return _ROW.sub("(values left out)", text)


def without_rows_processor(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Leave the values of rows out of a log line, and of the exception it tells."""
    for name in ("event", "exception"):
        if isinstance(line.get(name), str):
            line[name] = without_rows(line[name])
    return line


def scrub(event: Any, hint: Any = None) -> Any:
    """Return an error report with types, places and our own words alone."""
    for name in ("breadcrumbs", "extra", "user", "threads"):
        event.pop(name, None)
    event["contexts"] = {name: value for name, value in event.get("contexts", {}).items() if name in CONTEXTS}
    if "request" in event:
        event["request"] = _request(event["request"])
    if "logentry" in event:
        event["logentry"] = {"message": event["logentry"].get("message", "")}
    event.pop("message", None)
    for exception in event.get("exception", {}).get("values", ()):
        exception.pop("value", None)
        exception.get("mechanism", {}).pop("data", None)
        for frame in (exception.get("stacktrace") or {}).get("frames", ()):
            frame.pop("vars", None)
    return event


def _request(request: dict[str, Any]) -> dict[str, Any]:
    headers = {name: value for name, value in request.get("headers", {}).items() if name.title() in HEADERS}
    url = str(request.get("url", "")).partition("?")[0].partition("#")[0]
    scheme, separator, rest = url.partition("://")
    return {
        "method": request.get("method", ""),
        "url": scheme + separator + _TOKEN.sub("/…", rest),
        "headers": headers,
    }
