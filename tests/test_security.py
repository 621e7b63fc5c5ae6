"""HTTPS in front, proxies, and the Host header that anybody may write."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from crm.programs.doctor import examine
from tests.factories import Cast, make_customer, make_lead

PUBLIC = "https://crm.example.com"
EVIL = {"Host": "evil.example"}


@pytest.fixture
def https(app: Flask) -> FlaskClient:
    """A browser in front of an installation that people reach by HTTPS, through one proxy."""
    app.config.update(PUBLIC_URL=PUBLIC, TRUSTED_PROXIES=1)
    return app.test_client()


def test_browsers_are_told_to_use_https_alone_once_the_public_address_does(app: Flask) -> None:
    assert "Strict-Transport-Security" not in app.test_client().get("/login").headers
    app.config["PUBLIC_URL"] = PUBLIC
    for path in ("/login", "/up", "/static/app.css"):
        found = app.test_client().get(path).headers["Strict-Transport-Security"]
        assert found == "max-age=31536000; includeSubDomains"


def test_who_comes_by_plain_http_is_sent_to_https_and_what_they_send_is_refused(https: FlaskClient) -> None:
    plain = {"X-Forwarded-Proto": "http"}
    answer = https.get("/login?next=/stats", headers=plain)
    assert (answer.status_code, answer.location) == (308, f"{PUBLIC}/login?next=/stats")
    assert https.get("/customers/1", headers=plain).location == f"{PUBLIC}/customers/1"
    assert https.post("/api/token/", json={}, headers=plain).status_code == 403
    for headers in ({}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Proto": "http, https"}):
        assert https.get("/setup", headers=headers).status_code in (200, 404)
    for path in ("/up", "/ready"):
        assert https.get(path, headers=plain).status_code != 308


def test_a_proxy_that_is_not_trusted_sends_nobody_in_circles_and_is_named_once(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["PUBLIC_URL"] = PUBLIC
    client = app.test_client()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            headers = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1"}
            assert client.get("/setup", headers=headers).status_code in (200, 404)
    assert len([record for record in caplog.records if "TRUSTED_PROXIES" in record.getMessage()]) == 1


@pytest.mark.parametrize(("proxies", "level"), [(0, "warning"), (1, "ok")])
def test_the_doctor_tells_of_a_proxy_that_is_not_trusted(app: Flask, proxies: int, level: str) -> None:
    app.config.update(PUBLIC_URL=PUBLIC, TRUSTED_PROXIES=proxies)
    with app.app_context():
        found = {finding.check: finding for finding in examine()}
    assert found["address"].level == level
    assert ("TRUSTED_PROXIES" in found["address"].sentence) == (proxies == 0)


def test_no_answer_repeats_the_host_that_was_asked_for(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    app.config["PUBLIC_URL"] = PUBLIC
    with cast.owner.acting():
        for _ in range(2):
            make_customer()
        make_lead()
    monkeypatch.setattr("crm.intake.services.SCAN_AT_ONCE", 0)
    client, headers = app.test_client(), {**EVIL, **cast.owner.token()}

    page = client.get("/api/customers/?page_size=1&city=&_external=1", headers=headers).json
    scan = client.post("/api/customers/auto-collection/", json={}, headers=headers)
    moved = client.get("/api/customers?page=2", headers=headers)
    page_moved = client.get("/leads/?status=new", headers=EVIL)

    assert page["next"].startswith(f"{PUBLIC}/api/customers/?page_size=1&city=&_external=1&")
    assert (scan.status_code, scan.location.startswith(f"{PUBLIC}/api/collection/scans/")) == (202, True)
    assert (moved.status_code, moved.location) == (308, f"{PUBLIC}/api/customers/?page=2")
    assert "evil" not in (page_moved.location or "")
    for answer in (client.get("/", headers=EVIL), client.get("/customers/1", headers=EVIL)):
        assert "evil" not in answer.location
