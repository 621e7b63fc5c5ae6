"""How many requests a client may send: so many a minute for each user in each organization, in each web process."""

from __future__ import annotations

import collections
import time

from flask import current_app
from werkzeug.exceptions import TooManyRequests

from crm.accounts.access import has_come_in, here

PERIOD = 60.0
REMEMBERED = 10_000


def count() -> None:
    """Count the request; 429 with Retry-After for one too many."""
    if not has_come_in():
        return
    wait = _hit((here().user.id, here().organization.id), current_app.config["API_REQUESTS_PER_MINUTE"])
    if wait:
        raise TooManyRequests(retry_after=wait)


def _hit(client: tuple[int, int], limit: int) -> int:
    """Count one request of a client; return the seconds to wait when there were too many in this period."""
    now, seen = time.monotonic(), _seen()
    since, number = seen.pop(client, (now, 0))
    if now - since >= PERIOD:
        since, number = now, 0
    seen[client] = (since, number + 1)
    while len(seen) > REMEMBERED:
        seen.popitem(last=False)
    return 0 if number < limit else max(1, int(since + PERIOD - now) + 1)


def _seen() -> collections.OrderedDict[tuple[int, int], tuple[float, int]]:
    """Return the clients of this application, those who asked last at the end."""
    seen: collections.OrderedDict[tuple[int, int], tuple[float, int]]
    seen = current_app.extensions.setdefault("api_requests", collections.OrderedDict())
    return seen
