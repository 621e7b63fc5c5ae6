"""*Clear* stands beside the filters of a list where there is something to clear, also once they change in the page."""

from __future__ import annotations

import re

import pytest

from tests.factories import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NARROWED = {
    "/messages": ("q=siti", "status=sent", "channel=sms", "from=2026-01-01", "status=sent&channel=sms"),
    "/bookings": ("q=siti", "status=pending", "from=2026-01-01", "to=2026-01-01"),
    "/area-customers": ("q=siti", "area=North", "branch=99999"),
}
PLAIN = ("",)


def clear(page: str) -> str:
    found = re.findall(r'<a [^>]*id="clear-filters"[^>]*>', page)
    assert len(found) == 1
    return str(found[0])


def test_clear_is_shown_with_something_to_clear(cast: Cast) -> None:
    client = cast.owner.client()
    for address, queries in NARROWED.items():
        for query in (*PLAIN, *queries):
            url = f"{address}?{query}"
            link = clear(client.get(url).text)
            assert (" hidden" in link) == (query in PLAIN), url
            swapped = clear(client.get(url, headers={"HX-Request": "true", "HX-Target": "results"}).text)
            assert (" hidden" in swapped) == (query in PLAIN), url
            assert "hx-swap-oob" in swapped
            assert "hx-swap-oob" not in link
