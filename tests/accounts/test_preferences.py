"""Everybody chooses their own language, theme and keys."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from tests.factories import Cast

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def choose(client: FlaskClient, **values: str) -> int:
    return client.post("/account/preferences", data={"language": "auto", "theme": "system", **values}).status_code


def test_a_language_is_kept_for_every_page_even_those_of_errors(cast: Cast) -> None:
    client = cast.viewer.client()
    assert choose(client, language="ur") == 303
    for url in ("/", "/account/preferences", "/nonsense", "/settings/users"):
        assert '<html lang="ur" dir="rtl"' in client.get(url).text
    assert '<html lang="en" dir="ltr"' in cast.staff.client().get("/").text
    assert choose(client, language="auto") == 303
    assert '<html lang="id" dir="ltr"' in client.get("/", headers={"Accept-Language": "id"}).text


def test_the_theme_is_in_the_first_frame(cast: Cast) -> None:
    client = cast.viewer.client()
    assert choose(client, theme="dark") == 303
    assert 'data-bs-theme="dark"' in client.get("/").text
    chosen = re.search(r"<input checked[^>]*>", client.get("/account/preferences").text)
    assert chosen
    assert 'value="dark"' in chosen[0]
    assert choose(client, theme="system") == 303
    assert "data-bs-theme" not in client.get("/").text


def test_what_is_no_choice_is_refused_and_changes_nothing(cast: Cast) -> None:
    client = cast.viewer.client()
    for wrong in ({"language": "xx"}, {"theme": "pink"}):
        assert choose(client, single_keys="y", **wrong) == 422
    assert '<html lang="en"' in client.get("/").text


def test_it_stands_in_the_menu_of_the_account(cast: Cast) -> None:
    assert 'href="/account/preferences"' in cast.viewer.client().get("/").text
