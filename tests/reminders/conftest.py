"""A day in a shop in Jakarta, at noon."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from crm.values import clock

ZONE = ZoneInfo("Asia/Jakarta")


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """Let it be noon of today, so that there is an hour before and after it on the same day."""
    now = dt.datetime.combine(dt.datetime.now(ZONE).date(), dt.time(12), ZONE).astimezone(dt.UTC)
    monkeypatch.setattr(clock, "utcnow", lambda: now)
    return now


@pytest.fixture
def listed() -> Callable[[FlaskClient, str], list[str]]:
    """Return the names of the reminders on a page, in its order."""

    def names(client: FlaskClient, path: str = "/reminders") -> list[str]:
        return re.findall(
            r'<li class="reminder[^"]*" id="([a-z-]+-\d+)"', client.get(path).text.partition('id="coming"')[0]
        )

    return names
