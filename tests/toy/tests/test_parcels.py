"""What the house does for a feature that it has never seen."""

from __future__ import annotations

import sqlalchemy as sa
from crm.parcels.models import Parcel
from flask import Flask

from crm.kernel.extensions import db
from crm.kernel.manifest import catalog
from crm.programs.worker import _load
from tests.factories import Cast, make_customer, make_duplicate, make_lead


def test_its_page_has_a_role_and_an_entry_in_the_navigation(cast: Cast) -> None:
    with cast.staff.acting():
        siti = make_customer(name="Siti")
    assert cast.viewer.client().post(f"/customers/{siti}/parcels").status_code == 403
    assert cast.stranger.client().post(f"/customers/{siti}/parcels").status_code == 404
    assert cast.staff.client().post(f"/customers/{siti}/parcels").status_code == 303
    page = cast.viewer.client().get(f"/customers/{siti}/parcels").text
    assert "Parcels of Siti" in page
    assert 'href="/parcels"' in page


def test_its_panel_and_its_activity_stand_on_the_customers_page(cast: Cast) -> None:
    with cast.staff.acting():
        siti = make_customer(name="Siti")
    cast.staff.client().post(f"/customers/{siti}/parcels")
    page = cast.staff.client().get(f"/customers/{siti}").text
    assert "1 parcel in the shop" in page
    assert "Left a parcel" in page


def test_its_button_stands_on_the_leads_page(cast: Cast) -> None:
    with cast.staff.acting():
        lead = make_lead(name="Budi")
    page = cast.viewer.client().get(f"/leads/{lead}").text.split('class="page-actions"', 1)[1].split("</div>", 1)[0]
    assert f'href="/parcels?lead={lead}"' in page


def test_its_resource_is_in_the_api_and_in_the_document(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        siti = make_customer(name="Siti")
    cast.staff.client().post(f"/customers/{siti}/parcels")
    client = app.test_client()
    found = client.get(f"/api/customers/{siti}/parcels/", headers=cast.viewer.token()).json
    assert [row["customer"] for row in found["results"]] == [siti]
    assert client.get(f"/api/customers/{siti}/parcels/", headers=cast.stranger.token()).status_code == 404
    assert "/api/customers/{customer_id}/parcels/" in client.get("/api/openapi.json").json["paths"]


def test_its_job_is_done_by_the_worker(app: Flask, cast: Cast) -> None:
    with cast.staff.acting():
        siti = make_customer(name="Siti")
    cast.staff.client().post(f"/customers/{siti}/parcels")
    with app.app_context():
        job = next(job for job in catalog().jobs if "parcels" in job.path)
        _load(job.path)()
    with cast.staff.acting():
        assert db.session.scalars(sa.select(Parcel.counted_at)).one() is not None


def test_its_rows_go_to_the_survivor_of_a_merge_and_come_back(cast: Cast) -> None:
    with cast.staff.acting():
        siti, sari = make_customer(name="Siti Sari"), make_customer(name="Sari")
        entry = make_duplicate(siti, sari)
    staff = cast.staff.client()
    staff.post(f"/customers/{sari}/parcels")
    assert staff.post(f"/duplicates/{entry}", data={"action": "merge", "keep": siti}).status_code == 303
    staff.post(f"/customers/{siti}/parcels")
    assert "2 parcels in the shop" in staff.get(f"/customers/{siti}").text
    told = staff.post(f"/duplicates/{entry}/undo", follow_redirects=True).text
    assert "1 parcel was added since" in told
    assert "1 parcel in the shop" in staff.get(f"/customers/{sari}").text
