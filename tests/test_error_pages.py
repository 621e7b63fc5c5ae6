"""Error pages keep the navigation for who is signed in, and say what to do."""

from __future__ import annotations

import pytest

from tests.factories import Cast, make_duplicate

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NAVIGATION = 'class="header-nav"'
HTMX = {"HX-Request": "true"}


def test_who_is_signed_in_keeps_the_navigation(cast: Cast) -> None:
    client = cast.viewer.client()
    for url, status, heading in (
        ("/nonsense", 404, "Page not found"),
        ("/customers/999", 404, "Page not found"),
        ("/settings/users", 403, "You don't have access to this page"),
        ("/?page=999999", 400, "Something in the address is wrong"),
        ("/logout", 405, "This page can't be opened this way"),
    ):
        answer = client.get(url)
        assert answer.status_code == status
        assert f"<h1>{heading}</h1>" in answer.text
        assert NAVIGATION in answer.text
        assert "Sign out" in answer.text


def test_strangers_and_htmx_get_the_sentence_alone(cast: Cast) -> None:
    assert NAVIGATION not in cast.viewer.app.test_client().get("/nonsense").text
    answer = cast.viewer.client().get("/nonsense", headers=HTMX)
    assert answer.status_code == 404
    assert NAVIGATION not in answer.text
    assert "data-error" in answer.text


def test_public_pages_are_there_for_who_is_signed_in(cast: Cast) -> None:
    for url in ("/api/docs", "/invitations/1-nothing", "/login", "/manifest.webmanifest"):
        assert cast.owner.client().get(url).status_code < 500


def test_a_page_with_a_problem_says_so_in_its_title(cast: Cast) -> None:
    client = cast.staff.client()
    with cast.owner.acting():
        pair = make_duplicate()
    assert "<title>Error: " in client.post(f"/duplicates/{pair}", data={}).text
    assert "<title>Add customer" in client.get("/customers/new").text
    assert "<title>Error: Add customer" in client.post("/customers/new", data={"name": ""}).text
