"""Limit requests by user and organization, per minute and web process; other systems count as user 0."""

from __future__ import annotations

import collections
import time

from flask import current_app
from werkzeug.exceptions import TooManyRequests

from crm.accounts.access import has_organization, here

PERIOD = 60.0
MAX_CLIENTS = 10_000


def count() -> None:
    """Count the request; 429 with Retry-After over the limit."""
    if has_organization():
        count_for(here().organization.id, here().user.id)


def count_for(organization_id: int, user_id: int = 0) -> None:
    wait = _hit((user_id, organization_id), current_app.config["API_REQUESTS_PER_MINUTE"])
    if wait:
        raise TooManyRequests(retry_after=wait)


def _hit(client: tuple[int, int], limit: int) -> int:
    """Count one request; return the seconds to wait when over the limit."""
    now, seen = time.monotonic(), _seen()
    since, number = seen.pop(client, (now, 0))
    if now - since >= PERIOD:
        since, number = now, 0
    seen[client] = (since, number + 1)
    while len(seen) > MAX_CLIENTS:
        seen.popitem(last=False)
    return 0 if number < limit else max(1, int(since + PERIOD - now) + 1)


def _seen() -> collections.OrderedDict[tuple[int, int], tuple[float, int]]:
    """Return the clients of this application, the latest last."""
    seen: collections.OrderedDict[tuple[int, int], tuple[float, int]]
    seen = current_app.extensions.setdefault("api_requests", collections.OrderedDict())
    return seen
