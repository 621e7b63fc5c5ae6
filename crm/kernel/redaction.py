"""Remove what people wrote from error reports and log lines."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

HEADERS = ("Content-Length", "Content-Type", "Hx-Request", "User-Agent")
"""Allowed in an error report: all other headers may identify somebody or let somebody in."""

CONTEXTS = ("browser", "os", "runtime", "trace")

# PostgreSQL adds the refused row and the duplicate key to an error.
_ROW = re.compile(r"^(?:DETAIL|CONTEXT|WHERE|HINT|QUERY|STATEMENT): .*$", re.MULTILINE)
_TOKEN = re.compile(r"/[^/]{20,}")


def without_rows(text: str) -> str:
    return _ROW.sub("(values left out)", text)


def without_rows_processor(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name in ("event", "exception"):
        if isinstance(line.get(name), str):
            line[name] = without_rows(line[name])
    return line


def scrub(event: Any, hint: Any = None) -> Any:
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
