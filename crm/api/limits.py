"""How many requests a client may send: so many a minute for each user in each organization, in each web process.

What other systems send there without a user counts as one client.
"""

from __future__ import annotations

import collections
import time

from flask import current_app
from werkzeug.exceptions import TooManyRequests

from crm.accounts.access import has_organization, here

PERIOD = 60.0
REMEMBERED = 10_000


def count() -> None:
    """Count the request; 429 with Retry-After for one too many."""
    if has_organization():
        count_for(here().organization.id, here().user.id)


def count_for(organization_id: int, user_id: int = 0) -> None:
    """Count a request of a user, or of a system that signs in no user, to an organization."""
    wait = _hit((user_id, organization_id), current_app.config["API_REQUESTS_PER_MINUTE"])
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
