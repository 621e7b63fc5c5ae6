"""Signed requests of other systems: without CSRF token, and limited for forgers."""

from __future__ import annotations

import collections
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from flask import abort, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from crm.kernel.extensions import csrf

View = TypeVar("View", bound=Callable[..., Any])

MAX_FORGED = 600
PERIOD = 60.0
"""Forged requests that each address may make in PERIOD seconds before it gets 429."""

MAX_ADDRESSES = 1_000

SMALL_REQUEST = 4 * 1024
"""Bytes up to which a request is verified for any address: it costs next to nothing."""


def by_signature(view: View) -> View:
    """Exempt a view from CSRF; it must verify the signature before anything else."""
    csrf.exempt(view)
    return view


def refuse_forged(status: int = 403) -> NoReturn:
    """Answer a request with a wrong signature; a genuine one is never counted."""
    if _count(request.remote_addr or "", time.monotonic()) > MAX_FORGED:
        abort(429, _WAIT)
    if status == Unauthorized.code:
        raise Unauthorized(
            "The signature does not fit. Check the secret, the time, and that the body is signed as it is sent.",
            www_authenticate=WWWAuthenticate("signature"),
        )
    abort(403, "The signature does not fit. Check the secret, and the public URL that was signed.")


def refuse_flood() -> None:
    """Refuse large requests of an address that forged too many: verifying them against each secret takes time."""
    since, number = _seen.get(request.remote_addr or "", (0.0, 0))
    is_large = request.content_length is None or request.content_length > SMALL_REQUEST
    if is_large and number >= MAX_FORGED and time.monotonic() - since <= PERIOD:
        abort(429, _WAIT)


_WAIT = "Too many requests with a wrong signature. Wait a minute, then try again."
_seen: collections.OrderedDict[str, tuple[float, int]] = collections.OrderedDict()


def _count(address: str, now: float) -> int:
    since, number = _seen.pop(address, (now, 0))
    if now - since > PERIOD:
        since, number = now, 0
    _seen[address] = (since, number + 1)
    while len(_seen) > MAX_ADDRESSES:
        _seen.popitem(last=False)
    return number + 1
