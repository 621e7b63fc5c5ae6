"""Requests of other systems, which prove by a signature who they are: no form token, and no patience with forgers."""

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

FORGED = 600
PERIOD = 60.0
"""So many forged requests of one address, in so many seconds, are told why; more are told to wait."""

REMEMBERED = 1_000

SMALL = 4 * 1024
"""A request of up to so many bytes is checked whoever sends it; it costs next to nothing."""


def by_signature(view: View) -> View:
    """Take requests to a view without a form's token; the view checks their signature before anything else."""
    csrf.exempt(view)
    return view


def refuse_forged(status: int = 403) -> NoReturn:
    """Answer a request whose signature does not fit; a genuine one is never counted."""
    if _count(request.remote_addr or "", time.monotonic()) > FORGED:
        abort(429, _WAIT)
    if status == Unauthorized.code:
        raise Unauthorized(
            "The signature does not fit. Check the secret, the time, and that the body is signed as it is sent.",
            www_authenticate=WWWAuthenticate("signature"),
        )
    abort(403, "The signature does not fit. Check the secret, and the public URL that was signed.")


def refuse_flood() -> None:
    """Look at no large request of an address that has forged too many: checking it against each secret takes time."""
    since, number = _seen.get(request.remote_addr or "", (0.0, 0))
    is_large = request.content_length is None or request.content_length > SMALL
    if is_large and number >= FORGED and time.monotonic() - since <= PERIOD:
        abort(429, _WAIT)


_WAIT = "Too many requests with a wrong signature. Wait a minute, then try again."
_seen: collections.OrderedDict[str, tuple[float, int]] = collections.OrderedDict()


def _count(address: str, now: float) -> int:
    """Return how many forged requests of an address this process has seen in the period."""
    since, number = _seen.pop(address, (now, 0))
    if now - since > PERIOD:
        since, number = now, 0
    _seen[address] = (since, number + 1)
    while len(_seen) > REMEMBERED:
        _seen.popitem(last=False)
    return number + 1
