"""The page that collects, and the webhook's place among the settings."""

from __future__ import annotations

import re

import pytest

from crm.kernel import vault
from tests.factories import Cast, make_scan
from tests.intake.records import PHONE, add_lead, customers

HTMX = {"HX-Request": "true"}

only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_staff_collect_and_see_what_came_of_it(cast: Cast) -> None:
    add_lead(cast.owner, "Siti Rahma", PHONE)
    client = cast.staff.client()
    page = client.get("/collection").text
    assert "Not run yet" in page
    assert 'href="/collection"' in client.get("/").text, "it is found in the menu"
    key = re.search(r'name="idempotency_key"[^>]* value="([^"]+)"', page)[1]  # type: ignore[index]

    sent = {"cutoff_days": "30", "idempotency_key": key}
    answers = [client.post("/collection", data=sent) for _ in range(2)]

    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/collection/scans/1")}
    assert "1 customer added, 0 updated. 1 record checked." in " ".join(client.get("/collection/scans/1").text.split())
    assert customers(cast.owner) == ["Siti Rahma"]
    listed = client.get("/collection").text
    assert "1 added, 0 updated" in listed
    assert all(words in listed for words in ("by staff", "Last 30 days", "1 record checked"))


@only_sqlite
@pytest.mark.parametrize("typed", ["", "0", "-1", "3651", "ten", "1.5", "9" * 30, "٣٠"])
def test_what_is_no_number_of_days_is_told_and_kept(cast: Cast, typed: str) -> None:
    for headers in ({}, HTMX):
        page = cast.staff.client().post("/collection", data={"cutoff_days": typed}, headers=headers)
        assert page.status_code == 422
        assert "There is a problem" in page.text
        assert "Enter how many days to look back, from 1 to 3,650." in page.text
        assert f'value="{typed}"' in page.text


@only_sqlite
def test_a_viewer_reads_and_does_not_start(cast: Cast) -> None:
    with cast.owner.acting():
        scan = make_scan(state="working")
    viewer = cast.viewer.client()
    assert "Staff, managers and owners can start it." in viewer.get("/collection").text
    assert "Cancel" not in viewer.get(f"/collection/scans/{scan}").text
    assert viewer.post("/collection", data={"cutoff_days": "30"}).status_code == 403


@only_sqlite
def test_an_owner_makes_the_webhooks_secret_and_sees_it_once(cast: Cast) -> None:
    client = cast.owner.client()
    assert "Not set" in client.get("/settings/webhook").text
    secrets = []
    for _ in range(2):
        page = client.post("/settings/webhook/secret")
        assert page.status_code == 200
        secrets.append(re.search(r"whsec_[A-Za-z0-9+/=]+", page.text)[0])  # type: ignore[index]
        with cast.owner.acting():
            assert vault.reveal("webhook_secret") == secrets[-1]
    assert len(set(secrets)) == 2
    page = client.get("/settings/webhook").text
    assert "whsec_" not in page
    assert "/api/collection/webhook/" in page
    assert "X-Tenant-ID: shop" in page
    assert cast.manager.client().get("/settings/webhook").status_code == 403
