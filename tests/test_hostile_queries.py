"""No address that somebody makes up is an error of ours: every page and list takes any query, or says what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask import Flask

from crm.duplicates.services import add_entry, merge
from tests.factories import Cast, make_customer
from tests.test_endpoints import HTMX, Try, tries

VALUES = ("9" * 25, "-1", "a\0b\ud7ff\u202e%", "\u0661\u0662", "x" * 3000, "2026-99-99")
OF_FLASK = ("_external", "endpoint", "_method", "_anchor", "_scheme", "values", "self", "location")
_NAME = re.compile(r"""args(?:\.get\(|\[)"(\w+)\"""")


def page_names(app: Flask) -> set[str]:
    """Return every name that some page takes in its query."""
    return {name for path in Path(app.root_path).rglob("*.py") for name in _NAME.findall(path.read_text())}


def api_names(app: Flask) -> dict[str, list[str]]:
    """Return the names that each list of the API takes in its query, by its path."""
    paths = app.test_client().get("/api/openapi.json").get_json()["paths"]
    return {
        path: [one["name"] for one in operations.get("get", {}).get("parameters", ()) if one.get("in") == "query"]
        for path, operations in paths.items()
    }


def _asked(app: Flask, cast: Cast) -> Iterator[tuple[Try, str]]:
    for attempt in tries(app):
        if attempt.method == "GET" and attempt.endpoint != "health.ready":
            yield attempt, attempt.url(app, cast.owner)


def test_no_query_is_an_error_of_ours(app: Flask, cast: Cast) -> None:
    every, of_api, failed = sorted(page_names(app)), api_names(app), []
    assert {"page", "message", "before", "tier"} <= set(every)
    for attempt, url in _asked(app, cast):
        own = of_api.get(attempt.rule.rule, []) if attempt.is_api else every
        queries = [urlencode(dict.fromkeys(own, value)) for value in VALUES]
        queries.append(urlencode([(name, "x") for name in OF_FLASK] + [("page", "1"), ("page", "2")]))
        # The API refuses the first wrong value of many, so each is tried alone, too.
        queries += [urlencode({name: value}) for name in own for value in VALUES[:3]] if attempt.is_api else []
        for query in queries:
            response = attempt.by(cast.owner, f"{url}?{query}", headers=HTMX if "x" * 9 in query else {})
            if response.status_code >= 500:
                failed.append((attempt.endpoint, query[:60], response.status_code))
    assert failed == []


@pytest.mark.parametrize("name", OF_FLASK)
def test_a_name_that_flask_knows_is_a_name_like_any_other(cast: Cast, name: str) -> None:
    with cast.owner.acting():
        one, other = make_customer(), make_customer()
        merge(add_entry((one, other)).id, other, {})
        for _ in range(3):
            make_customer()
    client, query = cast.owner.client(), {name: "POST", "q": "\u00e4 b"}
    merged = client.get(f"/customers/{one}", query_string=query)
    assert (merged.status_code, urlsplit(merged.location).path) == (303, f"/customers/{other}")
    assert dict(parse_qsl(urlsplit(merged.location).query)) == query
    listed = client.post("/customers/bulk", query_string=query, data={"action": "deactivate", "ids": str(other)})
    assert listed.status_code == 303
    assert dict(parse_qsl(urlsplit(listed.location).query)) in (query, {})
    page = cast.owner.app.test_client().get(
        "/api/customers/", query_string={name: "POST", "page_size": "1"}, headers=cast.owner.token()
    )
    if page.status_code == 200:
        following = urlsplit(page.get_json()["next"])
        assert following.path == "/api/customers/"
        asked: dict[str, Any] = dict(parse_qsl(following.query))
        assert (asked[name], asked["page"], asked["page_size"]) == ("POST", "2", "1")
    assert page.status_code in (200, 400)


def test_the_api_says_whom_a_customer_was_merged_with(cast: Cast) -> None:
    with cast.owner.acting():
        one, other = make_customer(), make_customer()
        merge(add_entry((one, other)).id, other, {})
    gone = cast.owner.app.test_client().get(f"/api/customers/{one}/", headers=cast.owner.token())
    assert gone.status_code == 404
    assert f"was merged with {other}" in gone.get_json()["detail"]
