"""The log says who did what, without what they searched for."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories import PASSWORD, Cast, make_customer


@pytest.fixture
def lines(app: Flask, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    app.logger.parent.setLevel("INFO")
    caplog.set_level("INFO")
    return caplog


def told(lines: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, str(record.msg)) for record in lines.records]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_request_is_a_line_and_what_a_member_is_refused_a_warning(
    app: Flask, cast: Cast, lines: pytest.LogCaptureFixture
) -> None:
    with cast.stranger.acting():
        theirs = make_customer()
    client = cast.viewer.client()
    client.get("/?q=Secretname")
    client.get("/customers/new")
    client.get(f"/customers/{theirs}")
    client.get("/up")
    client.get("/invitations/abcdefgh")

    found = [(level, line) for level, line in told(lines) if "'event': 'request'" in line]

    who = f"'user': {cast.viewer.user_id}"
    assert [level for level, _ in found] == ["INFO", "WARNING", "WARNING", "WARNING"]
    for path, status, (_, line) in zip(
        ("/", "/customers/new", f"/customers/{theirs}", "/invitations/…"), (200, 403, 404, 404), found, strict=True
    ):
        assert f"'path': '{path}'" in line
        assert f"'status': {status}" in line
        assert who in line or "invitations" in line
        assert "Secretname" not in line


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_refused_sign_in_names_the_user_and_never_what_was_typed(
    app: Flask, cast: Cast, lines: pytest.LogCaptureFixture
) -> None:
    client = app.test_client()
    client.post("/login", data={"username": "owner", "password": "wrong"})
    client.post("/login", data={"username": PASSWORD, "password": "owner"})

    refused = [line for _, line in ((r.levelname, r.getMessage()) for r in lines.records) if "sign-in refused" in line]

    assert f"user {cast.owner.user_id} from" in refused[0]
    assert "nobody" in refused[1]
    assert PASSWORD not in "".join(refused)
